using ActorInference.Host.Cli;
using ActorInference.Host.Consoles;
using Petabridge.Cmd.Wire;

namespace ActorInference.Host.Tests.Consoles;

public sealed class ConsoleWordsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("  log   tail ", "log|tail")]
    [InlineData("say -t 'two words' \"and more\"", "say|-t|two words|and more")]
    [InlineData("say -t ''", "say|-t|")]
    [InlineData(@"say a\ b \""c 'd\e'", "say|a b|\"c|d\\e")]
    public void A_line_is_split_as_in_a_shell(string line, string expected) => Assert.Equal(expected, string.Join('|', CommandWords.Split(line)));

    [Fact]
    public void An_open_quote_is_named() => Assert.Equal("A quote ' is not closed.", Assert.Throws<FormatException>(() => CommandWords.Split("say 'a")).Message);

    [Theory]
    [InlineData("", "127.0.0.1:9110", "")]
    [InlineData("actor tree", "127.0.0.1:9110", "actor tree")]
    [InlineData("node:1 actor tree", "node:1", "actor tree")]
    [InlineData("[::1]:9110", "[::1]:9110", "")]
    [InlineData("actor tree -p /a:1", "127.0.0.1:9110", "actor tree -p /a:1")]
    public void A_first_word_with_a_port_is_the_target(string line, string target, string command)
    {
        var split = ConsoleTarget.Split(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal((target, command), (split.Target.ToString(), string.Join(' ', split.Command)));
    }

    [Theory]
    [InlineData("node:")]
    [InlineData("node:0")]
    [InlineData("node:65536")]
    [InlineData("node:x")]
    public void A_wrong_port_is_named(string word) => Assert.Equal(
        $"'{word}' is no HOST:PORT; expected for instance 127.0.0.1:9110.", Assert.Throws<UserErrorException>(() => ConsoleTarget.Split([word])).Message);

    [Theory]
    [InlineData("", "exit help log worker")]
    [InlineData("l", "log")]
    [InlineData("log", "log")]
    [InlineData("log ", "level tail")]
    [InlineData("log t", "tail")]
    [InlineData("log tail ", "--lines -n")]
    [InlineData("log tail -n ", "1 100")]
    [InlineData("log tail -n 1", "1 100")]
    [InlineData("log tail -n 1 ", "--lines -n")]
    [InlineData("log nope ", "")]
    [InlineData("nope ", "")]
    public void Completion_offers_what_may_stand_next(string line, string expected)
    {
        var tail = new WireCommand("tail", "", [new WireArgument("lines", "", false, false, ["-n", "--lines"], ["1", "100"], null)]);
        var hello = new WireHello("test", [new WirePalette("log", [tail, new WireCommand("level", "", [])]), new WirePalette("worker", [])]);

        Assert.Equal(expected, string.Join(' ', new CommandCompletion(hello, ["exit", "help"]).Candidates(line)));
    }
}
