using System.Globalization;
using System.Text.Json;
using ActorInference.Gpu.Constraints;

namespace ActorInference.Gpu.Tests.Constraints;

public sealed class JsonSchemaTests
{
    [Theory]
    [InlineData("""{"a":1,"b":[true,null,"x\n\u00e9"],"c":{}}""", true)]
    [InlineData("{}", true)]
    [InlineData("{\n  \"a\": -1.5e+3,\n  \"b\": []\n}", true)]
    [InlineData("[]", false)]
    [InlineData("""{"a":01}""", false)]
    [InlineData("""{"a":1,}""", false)]
    [InlineData("""{"a" :1}""", false)]
    [InlineData("""{"a":"\ud800"}""", false)]
    [InlineData("{\"a\":\"\n\"}", false)]
    [InlineData("{      }", false)]
    public void Any_object_is_JSON(string text, bool isAdmitted) => Assert.Equal(isAdmitted, Texts.Schema("""{"type":"object"}""").Admits(text));

    [Theory]
    [InlineData("""{"name":"A","age":3}""", true)]
    [InlineData("""{"name":"A","age":3,"tags":["x","y"]}""", true)]
    [InlineData("""{"tags":[],"name":"A"}""", false)]
    [InlineData("""{"name":"A"}""", false)]
    [InlineData("""{"name":"A","age":3.5}""", false)]
    [InlineData("""{"name":"A","age":3,"other":1}""", false)]
    [InlineData("""{"nick":null,"name":"A","age":3,"kind":"cat"}""", true)]
    [InlineData("""{"name":"A","age":3,"kind":"cow"}""", false)]
    public void An_object_has_its_properties_in_their_order(string text, bool isAdmitted) => Assert.Equal(isAdmitted, Texts.Schema("""
        {"$schema":"x","title":"T","type":"object","properties":{
          "nick":{"type":["string","null"]},"name":{"type":"string","description":"d"},"age":{"type":"integer"},
          "tags":{"type":"array","items":{"type":"string"}},"kind":{"enum":["cat","dog"]}},
         "required":["name","age"]}
        """).Admits(text));

    [Theory]
    [InlineData("""{"properties":{"a":{"type":"boolean"}},"additionalProperties":{"type":"integer"}}""", """{"a":true,"b":1}""", """{"b":1}""", """{}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", """{"b":1,"c":2}""", """{}""")]
    [InlineData("""{"type":"object","additionalProperties":false}""", "{}")]
    [InlineData("""{"type":"object","required":["x"]}""", """{"x":[1]}""", """{"x":"a"}""")]
    [InlineData("""{"type":"array","minItems":1,"maxItems":2}""", "[1]", "[1,{}]")]
    [InlineData("""{"prefixItems":[{"type":"integer"},{"type":"string"}],"items":false}""", """[1,"a"]""")]
    [InlineData("""{"prefixItems":[{"type":"integer"}],"items":{"type":"null"}}""", "[1]", "[1,null,null]")]
    [InlineData("""{"anyOf":[{"type":"null"},{"const":{"a":[1,"ä"]}}]}""", "null", """{"a":[1,"ä"]}""")]
    [InlineData("""{"type":"string","minLength":1,"maxLength":2}""", "\"a\"", "\"\\n\\u0041\"", "\"éé\"")]
    [InlineData("""{"type":"string","pattern":"^[A-Z]{2}\\d$"}""", "\"AB1\"")]
    [InlineData("""{"type":"string","pattern":"b+"}""", "\"abc\"", "\"\\\"b\"")]
    [InlineData("""{"type":"string","pattern":"^\"$"}""", "\"\\\"\"")]
    [InlineData("""{"type":"string","format":"date-time"}""", "\"2026-02-28T23:59:59.5Z\"", "\"2026-11-30T00:00:00+01:00\"")]
    [InlineData("""{"format":"uuid"}""", "\"123e4567-e89b-12d3-a456-426614174000\"")]
    [InlineData("""{"format":"ipv4"}""", "\"255.0.13.1\"")]
    [InlineData("""{"format":"email"}""", "\"a.b@c-d.org\"")]
    [InlineData("""{"$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v","next"]}},"$ref":"#/$defs/n"}""",
        """{"v":1,"next":{"v":2,"next":null}}""")]
    [InlineData("""{"type":"array","items":{"$ref":"#"}}""", "[]", "[[],[[]]]")]
    [InlineData("true", "1", "\"a\"")]
    [InlineData("""{"type":"number","nullable":true}""", "null", "1.5e3")]
    [InlineData("""{"allOf":[{"type":"boolean"}]}""", "true")]
    [InlineData("""{"type":["string","integer"],"enum":["a",1,1.5,null]}""", "\"a\"", "1")]
    [InlineData("""{"type":"null","const":null}""", "null")]
    public void A_text_that_a_schema_admits_is_admitted(string schema, params string[] texts)
    {
        foreach (var text in texts) Assert.True(Texts.Schema(schema).Admits(text), $"{schema} does not admit {text}.");
    }

    [Theory]
    [InlineData("""{"properties":{"a":{"type":"boolean"}},"additionalProperties":{"type":"integer"}}""", """{"a":1}x""", """{"b":"1"}""", """{,"b":1}""")]
    [InlineData("""{"type":"array","minItems":1,"maxItems":2}""", "[]", "[1,2,3]")]
    [InlineData("""{"prefixItems":[{"type":"integer"},{"type":"string"}],"items":false}""", "[1]", """[1,"a",2]""", """["a",1]""")]
    [InlineData("""{"type":"string","minLength":1,"maxLength":2}""", "\"\"", "\"abc\"")]
    [InlineData("""{"type":"string","pattern":"^[A-Z]{2}\\d$"}""", "\"AB1 \"", "\"A1\"")]
    [InlineData("""{"type":"string","pattern":"b+"}""", "\"ac\"")]
    [InlineData("""{"type":"string","format":"date"}""", "\"2026-02-30\"", "\"2026-13-01\"", "\"26-01-01\"")]
    [InlineData("""{"format":"ipv4"}""", "\"256.0.0.1\"", "\"1.2.3\"")]
    [InlineData("""{"type":["string","integer"],"enum":["a",1,1.5,null]}""", "1.5", "null")]
    [InlineData("""{"$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/n"}}},"$ref":"#/$defs/n"}""", "[1]", "[[]")]
    public void A_text_that_a_schema_does_not_admit_is_refused(string schema, params string[] texts)
    {
        foreach (var text in texts) Assert.False(Texts.Schema(schema).Admits(text), $"{schema} admits {text}.");
    }

    [Theory]
    [InlineData("{", "no JSON")]
    [InlineData("3", "Number at #; expected an object, or true")]
    [InlineData("""{"type":"strin"}""", "type 'strin' at #")]
    [InlineData("""{"properties":{"a":{"not":{}}}}""", "'not' at #/properties/a")]
    [InlineData("""{"properties":{"a":false}}""", "false, which admits nothing at #/properties/a")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "'$ref' to '#/$defs/x'")]
    [InlineData("""{"$ref":"https://example.com/x"}""", "a reference within the schema")]
    [InlineData("""{"$ref":"#"}""", "begin with itself")]
    [InlineData("""{"anyOf":[]}""", "a list of at least one")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":2}""", "No number is between 3 and 2")]
    [InlineData("""{"type":"number","exclusiveMinimum":2,"maximum":2}""", "No number is between 2 and 2")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":2}""", "minLength 3")]
    [InlineData("""{"type":"string","pattern":"(?=a)"}""", "the pattern at #")]
    [InlineData("""{"type":"string","pattern":"a","maxLength":2}""", "not several together")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "'uniqueItems' at #")]
    [InlineData("""{"anyOf":[{"type":"null"}],"type":"object"}""", "'anyOf' alone")]
    [InlineData("""{"type":"object","required":["a"],"additionalProperties":false}""", "'a' under 'required'")]
    [InlineData("""{"type":"string","enum":[1,null]}""", "'enum' without a value of its type at #")]
    [InlineData("""{"enum":["a"],"minLength":2}""", "'enum' alone")]
    [InlineData("""{"$ref":"#anchor"}""", "which begins with '#/'")]
    public void A_schema_that_is_wrong_or_restricts_otherwise_is_refused_with_its_place(string schema, string message) =>
        Assert.Contains(message, Assert.Throws<ConstraintFormatException>(() => Texts.Schema(schema)).Message, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Whole_numbers_keep_to_their_limits()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var (a, b) = (random.Next(-1200, 1200), random.Next(-1200, 1200));
            var (min, max) = (random.Next(4) == 0 ? (int?)null : Math.Min(a, b), random.Next(4) == 0 ? (int?)null : Math.Max(a, b));
            var texts = Texts.Schema($$"""{"type":"integer"{{(min is null ? "" : $",\"minimum\":{min}")}}{{(max is null ? "" : $",\"maximum\":{max}")}}}""");
            foreach (var value in Enumerable.Range(0, 100).Select(_ => random.Next(-1500, 1500)).Append(a).Append(b).Append(a - 1).Append(b + 1))
                Assert.True(texts.Admits($"{value}") == (!(value < min) && !(value > max)), $"{value} between {min} and {max}, seed {seed}.");
        }
    }

    [Fact]
    public void Numbers_keep_to_their_limits()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 400; round++)
        {
            var (a, b) = (Next(), Next());
            var (min, max) = (Math.Min(a, b), Math.Max(a, b));
            var (isMinOut, isMaxOut) = (random.Next(2) == 0, random.Next(2) == 0);
            if (min == max && (isMinOut || isMaxOut)) continue;
            var schema = $$"""{"type":"number","{{(isMinOut ? "exclusiveMinimum" : "minimum")}}":{{Text(min)}},"{{(isMaxOut ? "exclusiveMaximum" : "maximum")}}":{{Text(max)}}}""";
            var texts = Texts.Schema(schema);
            foreach (var value in Enumerable.Range(0, 100).Select(_ => Next()).Append(a).Append(b))
            {
                var isWithin = (isMinOut ? value > min : value >= min) && (isMaxOut ? value < max : value <= max);
                Assert.True(texts.Admits(Text(value)) == isWithin, $"{Text(value)} by {schema}, seed {seed}.");
                if (value != decimal.Truncate(value)) Assert.True(texts.Admits(Text(value) + "00") == isWithin, $"{Text(value)}00 by {schema}, seed {seed}.");
            }
        }

        decimal Next() => decimal.Round(random.Next(-3000, 3000) / (decimal)Math.Pow(10, random.Next(1, 4)), 3);

        static string Text(decimal value) => value.ToString("0.###", CultureInfo.InvariantCulture);
    }

    /// <summary>What is written freely must be JSON that other readers take.</summary>
    [Fact]
    public void Random_walks_through_a_schema_give_texts_that_are_JSON_of_it()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var automaton = new ConstraintAutomaton(GrammarProgram.Compile(new(Actors.Generation.OutputConstraintKind.JsonSchema, """
            {"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string","maxLength":6},"c":{"type":"array","items":{"enum":[1,"x",null]},"maxItems":4},"d":{"type":"number"}},"required":["a","c"]}
            """)));
        for (var round = 0; round < 100; round++)
        {
            var (text, state) = (new List<byte>(), automaton.Start);
            while (!state.IsComplete || (state.GoesOn && random.Next(3) > 0))
            {
                Assert.True(text.Count < 20_000, $"No end after {text.Count} bytes, seed {seed}.");
                var next = Enumerable.Range(0, 256).Where(value => !ReferenceEquals(automaton.Advance(state, (byte)value), ConstraintState.Dead)).ToList();
                text.Add((byte)next[random.Next(next.Count)]);
                state = automaton.Advance(state, text[^1]);
            }

            using var read = JsonDocument.Parse(text.ToArray());
            Assert.Equal(JsonValueKind.Number, read.RootElement.GetProperty("a").ValueKind);
            Assert.True(read.RootElement.GetProperty("c").GetArrayLength() <= 4, $"Seed {seed}.");
        }
    }
}
