using System.CommandLine;
using System.Globalization;
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
        var watch = new Option<bool>("--watch", "-w") { Description = "Until it is done." };
        var command = new Command("status", "How far it is.") { group, watch, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            using var timer = new PeriodicTimer(WatchInterval);
            var last = "";
            while (true)
            {
                var body = await GroupCommands.FindAsync(client, parsed.GetRequiredValue(group), stop);
                var line = Line(body);
                if (line != last) Console.Out.WriteLine(line);
                last = line;
                if (!parsed.GetValue(watch) || body.Status == "Ready") return;
                await timer.WaitForNextTickAsync(stop);
            }
        }));
        return command;
    }

    private static Command History()
    {
        var (group, server, revision) = (GroupCommands.Group(), GroupCommands.Server(), Revision());
        var command = new Command("history", "The revisions that are kept; with --revision, one of them whole.") { group, revision, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var history = await HistoryAsync(client, parsed.GetRequiredValue(group), stop);
            Console.Out.WriteLine(parsed.GetValue(revision) is { } number
                ? Find(history, number).Yaml.TrimEnd('\n')
                : GroupTables.Write(["REVISION", "AGE", "STATE", "CAUSE"], history.Revisions.Select(each => Row(each, history))));
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
            var history = await HistoryAsync(client, parsed.GetRequiredValue(group), stop);
            Console.Out.WriteLine(LineDiff.Between(Find(history, parsed.GetValue(revision)!.Value).Yaml, history.Revisions[^1].Yaml).TrimEnd('\n'));
        }));
        return command;
    }

    private static Command Change(string verb, string description)
    {
        var (group, server, revision) = (GroupCommands.Group(), GroupCommands.Server(), Revision());
        var role = new Option<string?>("--role") { Description = "One role only. Default: all." };
        var command = new Command(verb, description) { group, server };
        if (verb == "undo") command.Add(revision);
        if (verb == "restart") command.Add(role);
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var body = new RolloutBody(verb == "undo" ? parsed.GetValue(revision) ?? 0 : 0, verb == "restart" ? parsed.GetValue(role) : null);
            var answer = await client.PostAsync(
                $"groups/{Uri.EscapeDataString(parsed.GetRequiredValue(group))}/rollout/{verb}", JsonSerializer.Serialize(body, GroupJson.Default.RolloutBody), GroupJson.Default.AppliedBody, stop);
            GroupCommands.Print(answer, verb switch { "pause" => "paused", "resume" => "resumed", "undo" => $"rolled back, as revision {answer.Applied[0].Revision}", _ => "restarted" });
        }));
        return command;
    }

    private static Option<int?> Revision() => NumberOption.Integer("--revision", "Number of the revision.", 1);

    private static string Line(GroupBody body) => body.Status == "Ready"
        ? $"group {body.Name} is rolled out: revision {body.Revision}"
        : $"{body.Status.ToLowerInvariant()}: {string.Join(", ", body.Roles.Select(role => $"{role.Name} {role.Updated}/{role.Desired} updated, {role.Ready} ready"))}";

    private static Task<HistoryBody> HistoryAsync(GroupClient client, string group, CancellationToken stop) =>
        client.GetAsync($"groups/{Uri.EscapeDataString(group)}/rollout", GroupJson.Default.HistoryBody, stop);

    private static RevisionBody Find(HistoryBody history, int number) => history.Revisions.FirstOrDefault(each => each.Revision == number)
        ?? throw new UserErrorException($"--revision is '{number}'; expected one of {string.Join(", ", history.Revisions.Select(each => each.Revision))}.");

    private static IReadOnlyList<string> Row(RevisionBody revision, HistoryBody history) =>
    [
        revision.Revision.ToString(CultureInfo.InvariantCulture),
        GroupTables.Age(DateTimeOffset.UtcNow - revision.At),
        revision.Revision == history.Current ? revision.Revision == history.Stable ? "current, stable" : "current" : revision.Revision == history.Stable ? "stable" : "",
        revision.Cause,
    ];
}
