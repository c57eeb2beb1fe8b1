using System.CommandLine;
using System.CommandLine.Parsing;
using ActorInference.Host.Consoles;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference cmd</c>: a console to a running node.</summary>
public static class CmdCommand
{
    private const string Name = "cmd";

    public static Command Create()
    {
        var words = new Argument<string[]>("HOST:PORT COMMAND")
        {
            Description = $"Where the node is (default {ConsoleTarget.Default}), then a command such as 'actor tree'. Without a command: a prompt, or one command a line from stdin.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command(Name, "Run operator commands in a running node.") { words };
        command.TreatUnmatchedTokensAsErrors = false;   // The switches of the node's commands are the node's to know.
        command.SetAction((parsed, cancellation) => ConsoleRun.RunAsync(Words(parsed), Console.In, Console.Out, Console.Error, cancellation));
        return command;
    }

    /// <summary>All that follows the command's name, in order: switches of the node's commands among them.</summary>
    private static IReadOnlyList<string> Words(ParseResult parsed) =>
        [.. parsed.Tokens.SkipWhile(token => token.Type != TokenType.Command || token.Value != Name).Skip(1).Select(token => token.Value)];
}
