using Akka.Configuration;

namespace ActorInference.Standins.Akka.Tests.Configuration;

/// <summary>Where Akka.NET takes broken text silently, the stand-in says what is wrong with it, and where.</summary>
public sealed class HoconErrorTests
{
    [Theory]
    [InlineData("a = {", "line 1, column 5: this { has no closing }.")]
    [InlineData("a = 1\nb {\n  c = 2\n", "line 2, column 3: this { has no closing }.")]
    [InlineData("a = [1", "line 1, column 5: this [ has no closing ].")]
    [InlineData("a = \"x", "line 1, column 5: this \" has no closing \" on its line.")]
    [InlineData("a = \"\"\"x", "line 1, column 5: this \"\"\" has no closing \"\"\".")]
    [InlineData("a = 1}", "line 1, column 6: a new line or ',' expected, not '}'.")]
    [InlineData("a = 1\n\n  b", "line 3, column 4: '=', ':' or '{' after a key expected, but the text ends.")]
    [InlineData("a =", "line 1, column 4: a value expected, but the text ends.")]
    [InlineData("= 1", "line 1, column 1: a key expected, not '='.")]
    [InlineData("[1]", "line 1, column 1: a key expected, not '['.")]
    [InlineData("a..b = 1", "line 1, column 3: a key expected, not '.'.")]
    [InlineData("a = 1,, b = 2", "line 1, column 7: a key expected, not ','.")]
    [InlineData("a = [1,,2]", "line 1, column 8: a value expected, not ','.")]
    [InlineData("a { b = 1 } c = 2", "line 1, column 13: a new line or ',' expected, not 'c'.")]
    [InlineData("a = user@host", "line 1, column 9: '@' may stand in a value only in quotes.")]
    [InlineData("a = [1] x", "line 1, column 5: what stands side by side must be all text, all arrays or all objects.")]
    [InlineData("a = {b = 1} x", "line 1, column 5: what stands side by side must be all text, all arrays or all objects.")]
    [InlineData("a = ${b", "line 1, column 8: '}' after the path of a substitution expected, but the text ends.")]
    [InlineData("a = \"\\x\"", "line 1, column 6: after a backslash in quotes, one of \" \\ / b f n r t, or u and four hexadecimal digits, expected.")]
    [InlineData("include \"x\"", "line 1, column 1: include \"x\" cannot be followed, because no include callback was given.")]
    public void Broken_text_is_refused_with_its_place(string hocon, string problem)
    {
        var error = Assert.Throws<ConfigurationException>(() => ConfigurationFactory.ParseString(hocon));

        Assert.Equal($"HOCON, {problem}", error.Message);
    }

    [Theory]
    [InlineData("a = ${b}")]
    [InlineData("a = ${a}")]
    [InlineData("a = ${b}\nb = ${a}")]
    [InlineData("a { b = ${a} }")]
    [InlineData("a = ${b.c}\nb { c = ${a} }")]
    public void A_substitution_without_a_value_is_refused_with_its_place(string hocon)
    {
        var error = Assert.Throws<ConfigurationException>(() => ConfigurationFactory.ParseString(hocon));

        Assert.StartsWith("HOCON, line ", error.Message);
        Assert.Contains("stands for nothing", error.Message);
    }

    [Fact]
    public void A_bad_value_is_refused_with_its_path_the_value_and_what_was_expected()
    {
        var config = ConfigurationFactory.ParseString("a { number = 1.5, list = [1, x], time = 5 parsecs, size = 5 zz, truth = maybe, plain = 1 }");

        Assert.Equal("a.number is '1.5'; it must be an integer of 32 bits.", Message(() => config.GetInt("a.number")));
        Assert.Equal("a.list[1] is 'x'; it must be an integer of 32 bits.", Message(() => config.GetIntList("a.list")));
        Assert.Equal("a.plain is '1'; it must be an array.", Message(() => config.GetStringList("a.plain")));
        Assert.Equal("a.plain is '1'; it must be an object.", Message(() => config.GetConfig("a.plain")));
        Assert.Equal("a.truth is 'maybe'; it must be on or off, true or false, yes or no.", Message(() => config.GetBoolean("a.truth")));
        Assert.Equal(
            "a.time is '5 parsecs'; it must be a duration such as 500ms, 5s, 10 minutes, 1h, or infinite.", Message(() => config.GetTimeSpan("a.time")));
        Assert.Equal(
            "a.size is '5 zz'; it must be a size in bytes such as 128000b, 256k, 4 MiB, 1 GB.", Message(() => config.GetByteSize("a.size")));

        static string Message(Func<object?> read) => Assert.Throws<ConfigurationException>(read).Message;
    }
}
