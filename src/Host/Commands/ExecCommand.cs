using System.CommandLine;
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
        var (group, instance, server) = (GroupCommands.Group(), new Argument<string>("instance") { Description = "Name of the instance." }, GroupCommands.Server());
        var words = new Argument<string[]>("command") { Description = "Program and arguments, after --.", Arity = ArgumentArity.OneOrMore };
        var timeout = NumberOption.Integer("--timeout", $"Seconds until it is killed. Default: {DefaultTimeoutSeconds}.", 1, 3600);
        var command = new Command("exec", "Run a program with the environment, folder and ports of an instance.") { group, instance, words, timeout, server };
        command.SetAction(async (parsed, _) =>
        {
            using var signals = new SignalCancellation();
            using var client = new GroupClient(parsed.GetValue(server));
            var body = JsonSerializer.Serialize(new ExecBody(parsed.GetRequiredValue(words), parsed.GetValue(timeout) ?? DefaultTimeoutSeconds), GroupJson.Default.ExecBody);
            var path = $"groups/{Uri.EscapeDataString(ObjectNames.NameOf(parsed.GetRequiredValue(group)))}/instances/{Uri.EscapeDataString(ObjectNames.NameOf(parsed.GetRequiredValue(instance)))}/exec";
            var ended = await client.PostAsync(path, body, GroupJson.Default.ExecEndedBody, signals.Token);
            Console.Out.Write(ended.Output);
            return ended.ExitCode;
        });
        return command;
    }
}
