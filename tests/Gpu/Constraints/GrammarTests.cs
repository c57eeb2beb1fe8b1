using ActorInference.Gpu.Constraints;

namespace ActorInference.Gpu.Tests.Constraints;

public sealed class GrammarTests
{
    private const string Arithmetic = """
        # Sums of products.
        root   ::= sum
        sum    ::= term (" "? [+\-] " "? term)*
        term   ::= factor ([*/] factor)*
        factor ::= number | "(" sum ")"
        number ::= [0-9]{1,3}
        """;

    [Theory]
    [InlineData("1+2*(3-4)", true)]
    [InlineData("((((7))))", true)]
    [InlineData("1 + 2", true)]
    [InlineData("1  + 2", false)]
    [InlineData("((1)", false)]
    [InlineData("1234", false)]
    [InlineData("", false)]
    public void Rules_may_have_themselves_within(string text, bool isAdmitted) => Assert.Equal(isAdmitted, Texts.Grammar(Arithmetic).Admits(text));

    [Fact]
    public void A_list_that_goes_on_with_itself_takes_any_length()
    {
        var texts = Texts.Grammar("""root ::= "a" root | "b" """);

        Assert.True(texts.Admits(new string('a', 100_000) + "b"));
        Assert.False(texts.Admits(new string('a', 100_000)));
    }

    [Fact]
    public void Parentheses_close_as_often_as_they_open()
    {
        var texts = Texts.Grammar("""root ::= "(" root ")" | "" """);

        Assert.True(texts.Admits(new string('(', 2_000) + new string(')', 2_000)));
        Assert.False(texts.MayBegin(new string('(', 2_000) + new string(')', 2_001)));
    }

    [Theory]
    [InlineData("root ::= root \"a\" | \"b\"", "the rule 'root' can begin with itself", true)]
    [InlineData("root ::= a\na ::= b? a \"x\"\nb ::= \"b\"", "the rule 'a' can begin with itself", true)]
    [InlineData("root ::= a*\na ::= b\nb ::= root", "begin with itself", true)]
    [InlineData("start ::= \"a\"", "no rule 'root'", false)]
    [InlineData("root ::= other", "no rule 'other'", false)]
    [InlineData("root ::= \"a", "the end of the text", false)]
    [InlineData("root ::= (\"a\"", "the end of the text", false)]
    [InlineData("root = \"a\"", "'r' at character 1", false)]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "the rule 'root' a second time", false)]
    [InlineData("root ::= [a-z]{2,1}", "{2,1}", false)]
    public void What_is_wrong_is_refused(string grammar, string message, bool ignoreCase) =>
        Assert.Contains(message, Assert.Throws<ConstraintFormatException>(() => Texts.Grammar(grammar)).Message, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>Clients send grammars: none may keep the server busy.</summary>
    [Fact]
    public void Large_grammars_of_any_shape_are_read_in_proportion_to_their_size()
    {
        const int Rules = 5_000;
        var chain = string.Concat(Enumerable.Range(0, Rules).Select(i => $"r{i} ::= r{i + 1}?\n"));
        Assert.True(Texts.Grammar($"root ::= r0\n{chain}r{Rules} ::= \"a\"?").Admits("a"));
        var properties = string.Join(',', Enumerable.Range(0, 3_000).Select(i => $"\"p{i}\":{{\"type\":\"null\"}}"));
        Assert.True(Texts.Schema($"{{\"properties\":{{{properties}}}}}").Admits("{\"p7\":null,\"p2999\":null}"));
        Assert.True(Texts.Regex("(){2000000000}a").Admits("a"));
        Assert.True(Texts.Regex($"[{string.Concat(Enumerable.Range(0x4E00, 20_000).Where(i => i % 2 == 0).Select(i => (char)i))}]").Admits("\u4E00"));
    }

    /// <summary>Twice as many stacks with each letter.</summary>
    [Fact]
    public void A_grammar_that_is_ambiguous_without_end_is_given_up()
    {
        var texts = Texts.Grammar("""root ::= "a" root "x" | "a" root "y" | "z" """);

        Assert.True(texts.Admits("aaazxyx"));
        Assert.False(texts.MayBegin(new string('a', 100)));
    }
}
