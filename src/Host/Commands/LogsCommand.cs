using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference logs</c>: what an instance has written.</summary>
public static class LogsCommand
{
    private const int DefaultLines = 100;

    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var names = GroupCommands.Names("Name of the instance, or of one of its processes; that of its group may be before it.", new ArgumentArity(1, 2), "instance");
        var container = ProcessNames.Container();
        var server = GroupCommands.Server();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what it writes, until Ctrl-C." };
        var tail = NumberOption.Integer("--tail", $"Last lines to begin with; -1 for all that is kept in one file. Default: {DefaultLines}.", -1);
        var command = new Command("logs", "What an instance has written.") { names, container, follow, tail, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var path = $"{await ProcessNames.RouteAsync(client, parsed.GetRequiredValue(names), parsed.GetValue(container), stop)}/log";
            var lines = parsed.GetValue(tail) ?? DefaultLines;
            var part = await client.GetAsync(lines < 0 ? $"{path}?offset=0" : $"{path}?lines={lines}", GroupJson.Default.LogBody, stop);
            Console.Out.Write(part.Text);
            while (lines < 0 && part.Text.Length > 0)
            {
                part = await client.GetAsync($"{path}?offset={part.NextOffset}", GroupJson.Default.LogBody, stop);
                Console.Out.Write(part.Text);
            }

            if (!parsed.GetValue(follow)) return;
            using var timer = new PeriodicTimer(FollowInterval);
            while (await timer.WaitForNextTickAsync(stop))
            {
                part = await client.GetAsync($"{path}?offset={part.NextOffset}", GroupJson.Default.LogBody, stop);
                Console.Out.Write(part.Text);
            }
        }));
        return command;
    }
}
