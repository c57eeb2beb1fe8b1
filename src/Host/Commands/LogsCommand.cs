using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference logs</c>: what an instance has written.</summary>
public static class LogsCommand
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var names = new Argument<string[]>("instance") { Description = "Name of the instance, or of one of its processes; that of its group may be before it.", Arity = new ArgumentArity(1, 2) };
        var server = GroupCommands.Server();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what it writes, until Ctrl-C." };
        var tail = NumberOption.Integer("--tail", "Last lines to begin with. Default: 100.", 0);
        var command = new Command("logs", "What an instance has written.") { names, follow, tail, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var given = parsed.GetRequiredValue(names);
            var instance = ObjectNames.NameOf(given[^1]);
            var group = given.Length > 1 ? ObjectNames.NameOf(given[0]) : (await GroupCommands.FindByInstanceAsync(client, instance, stop)).Name;
            var path = $"groups/{Uri.EscapeDataString(group)}/instances/{Uri.EscapeDataString(instance)}/log";
            var part = await client.GetAsync($"{path}?lines={parsed.GetValue(tail) ?? 100}", GroupJson.Default.LogBody, stop);
            Console.Out.Write(part.Text);
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
