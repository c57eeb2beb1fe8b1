using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference exec</c>: a program run in an instance's surroundings.</summary>
public static class ExecCommand
{
    private const int DefaultTimeoutSeconds = 30;

    public static Command Create()
    {
        var server = GroupCommands.Server();
        var words = new Argument<string[]>("instance -- command") { Description = "Name of the instance, or of one of its processes; that of its group may be before it. After -- the program and its arguments.", Arity = ArgumentArity.OneOrMore };
        var container = ProcessNames.Container();
        var timeout = NumberOption.Integer("--timeout", $"Seconds until it is killed. Default: {DefaultTimeoutSeconds}.", 1, 3600);
        var command = new Command("exec", "Run a program with the environment, folder and ports of an instance, without input or terminal.") { words, container, timeout, server };
        command.SetAction(async (parsed, _) =>
        {
            using var signals = new SignalCancellation();
            using var client = new GroupClient(parsed.GetValue(server));
            var (names, program) = Split(parsed, parsed.GetRequiredValue(words));
            var body = JsonSerializer.Serialize(new ExecBody(program, parsed.GetValue(timeout) ?? DefaultTimeoutSeconds), GroupJson.Default.ExecBody);
            var path = await ProcessNames.RouteAsync(client, names, parsed.GetValue(container), signals.Token);
            var ended = await client.PostAsync($"{path}/exec", body, GroupJson.Default.ExecEndedBody, signals.Token);
            Console.Out.Write(ended.Output);
            return ended.ExitCode;
        });
        return command;
    }

    /// <summary>What is before and after the dashes.</summary>
    /// <exception cref="UserErrorException">It is not one or two names, and a program.</exception>
    private static (string[] Names, string[] Program) Split(ParseResult parsed, string[] words)
    {
        var programLength = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Count();
        var (names, program) = (words[..^programLength], words[^programLength..]);
        if (names.FirstOrDefault(name => name.StartsWith('-')) is { } option) throw new UserErrorException($"'{option}' is no option of exec, which gives programs no input and no terminal; expected exec INSTANCE -- PROGRAM.");
        if (program.Length == 0 || names.Length is not (1 or 2)) throw new UserErrorException("exec needs an instance and, after --, a program; expected exec [GROUP] INSTANCE -- PROGRAM [ARGUMENT ...].");
        return (names, program);
    }
}
