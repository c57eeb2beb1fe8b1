using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference rollout</c>: how the declared revision of a group is brought about, and the ones before it.</summary>
public static class RolloutCommands
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(500);

    public static Command Create() => new("rollout", "How a group goes from a revision to the next.")
    {
        Status(), History(), Diff(), Change("pause", "Stop a rollout where it stands."), Change("resume", "Let a rollout go on."),
        Change("undo", "Declare an earlier revision again."), Change("restart", "Begin all instances again, by the rules of a rollout."),
    };

    private static Command Status()
    {
        var (group, server) = (GroupCommands.Group(), GroupCommands.Server());
        var watch = new Option<bool>("--watch", "-w")
        {
            Description = "Until it is done; ends with exit code 1 when it is paused, rolled back, or exceeds its progress deadline. --watch=false says how it is now.",
            DefaultValueFactory = _ => true,
        };
        var timeout = DurationOption.Create("--timeout", "Longest wait, such as 5m; 0 for no end. Default: 0.");
        var command = new Command("status", "Wait until it is done, and say how far it is.") { group, watch, timeout, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), (client, stop) =>
            WatchAsync(client, ObjectNames.GroupNamed(parsed.GetRequiredValue(group)), parsed.GetValue(watch), parsed.GetValue(timeout) ?? TimeSpan.Zero, stop)));
        return command;
    }

    private static async Task WatchAsync(GroupClient client, string group, bool isWatched, TimeSpan limit, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(WatchInterval);
        var last = "";
        while (true)
        {
            var progress = RolloutProgress.Of(await GroupCommands.FindAsync(client, group, stop));
            if (progress.Line != last) Console.Out.WriteLine(progress.Line);
            last = progress.Line;
            if (progress.Failure is { } failure) throw new CommandFailedException(failure);
            if (progress.IsDone || !isWatched) return;
            if (limit > TimeSpan.Zero && watch.Elapsed >= limit) throw new CommandFailedException($"the rollout of group {group} is not done after {limit.TotalSeconds:0.###} s (--timeout); it goes on.");
            await timer.WaitForNextTickAsync(stop);
        }
    }

    private static Command History()
    {
        var (group, server, revision) = (GroupCommands.Group(), GroupCommands.Server(), Revision());
        var command = new Command("history", "The revisions that are kept; with --revision, one of them whole.") { group, revision, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var history = await HistoryAsync(client, ObjectNames.GroupNamed(parsed.GetRequiredValue(group)), stop);
            Console.Out.WriteLine(parsed.GetValue(revision) is { } number
                ? RolloutTables.Yaml(history, number) ?? throw new UserErrorException(RolloutTables.NotKept(history, number))
                : RolloutTables.History(history, DateTimeOffset.UtcNow));
        }));
        return command;
    }

    private static Command Diff()
    {
        var (group, server, revision) = (GroupCommands.Group(), GroupCommands.Server(), Revision());
        revision.Required = true;
        var command = new Command("diff", "From an earlier revision to the declared one.") { group, revision, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var history = await HistoryAsync(client, ObjectNames.GroupNamed(parsed.GetRequiredValue(group)), stop);
            var number = parsed.GetValue(revision)!.Value;
            Console.Out.WriteLine(RolloutTables.Diff(history, number) ?? throw new UserErrorException(RolloutTables.NotKept(history, number)));
        }));
        return command;
    }

    private static Command Change(string verb, string description)
    {
        var (group, server, revision) = (GroupCommands.Group(), GroupCommands.Server(), Revision());
        var role = new Option<string?>("--role") { Description = "One role only. Default: all." };
        var instance = new Option<string?>("--instance") { Description = "One instance only, as it is: no revision, and not by the rules of a rollout." };
        var command = new Command(verb, description) { group, server };
        if (verb == "undo") command.Add(revision);
        foreach (var option in verb == "restart" ? (Option[])[role, instance] : []) command.Add(option);
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var body = new RolloutBody(verb == "undo" ? parsed.GetValue(revision) ?? 0 : 0, verb == "restart" ? parsed.GetValue(role) : null) { Instance = verb == "restart" ? parsed.GetValue(instance) : null };
            if (body is { Role: not null, Instance: not null }) throw new UserErrorException("--role and --instance stand beside each other; expected one of them.");
            var answer = await client.PostAsync(
                $"groups/{Uri.EscapeDataString(ObjectNames.GroupNamed(parsed.GetRequiredValue(group)))}/rollout/{verb}", JsonSerializer.Serialize(body, GroupJson.Default.RolloutBody), GroupJson.Default.AppliedBody, stop);
            foreach (var item in answer.Applied) Console.Out.WriteLine(GroupTables.Changed(item, verb));
        }));
        return command;
    }

    private static Option<int?> Revision()
    {
        var revision = NumberOption.Integer("--revision", "Number of the revision.", 1);
        revision.Aliases.Add("--to-revision");   // As kubectl calls it in undo.
        return revision;
    }

    private static Task<HistoryBody> HistoryAsync(GroupClient client, string group, CancellationToken stop) =>
        client.GetAsync($"groups/{Uri.EscapeDataString(group)}/rollout", GroupJson.Default.HistoryBody, stop);
}
