using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference wait</c>: until a condition holds, in kubectl's manner.</summary>
internal static class WaitCommand
{
    private const string Deleted = "delete";
    private const string Created = "create";
    private const string Condition = "condition=";

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Conditions of each kind; those beside Ready are what its STATUS says.</summary>
    private static readonly ImmutableSortedDictionary<string, string[]> Conditions = new Dictionary<string, string[]>
    {
        ["group"] = ["Ready", "Progressing", "Partitioned", "Paused", "Stalled"],
        ["role"] = ["Ready"],
        ["instance"] = ["Ready"],
        ["set"] = ["Ready", "Progressing"],
        ["adapter"] = ["Bound", "NotBound"],
        ["warmup"] = ["Completed", "Failed", "Running", "Paused"],
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static readonly string[] Kinds = [.. Conditions.Keys, "policy"];

    public static Command Create()
    {
        var names = GroupCommands.Names("Names of groups; or KIND/NAME; or a kind and names, or with --all or --selector a kind alone.", ArgumentArity.OneOrMore);
        var what = new Option<string>("--for") { Description = "condition=Ready or another status (=false for its opposite), delete, or create.", Required = true };
        var timeout = DurationOption.Create("--timeout", "Longest wait, such as 5m, for all together; 0 looks once. Default: 30s.");
        var all = new Option<bool>("--all") { Description = "All of the kind." };
        var (selector, server) = (GetCommand.Selector(), GroupCommands.Server());
        var command = new Command("wait", "Wait until something is so; ends with exit code 1 when it is not within the time.") { names, what, timeout, all, selector, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var goal = parsed.GetRequiredValue(what);
            if (goal is not (Deleted or Created) && !goal.StartsWith(Condition, StringComparison.Ordinal)) throw new UserErrorException($"--for is '{goal}'; expected condition=NAME, delete or create.");
            var things = await ThingsAsync(client, parsed.GetRequiredValue(names), parsed.GetValue(all), parsed.GetValue(selector), stop);
            await WaitAsync(client, things, goal, parsed.GetValue(timeout) ?? DefaultTimeout, stop);
        }));
        return command;
    }

    private static async Task<IReadOnlyList<(string Kind, string Name)>> ThingsAsync(GroupClient client, string[] words, bool isAll, LabelSelector? selector, CancellationToken stop)
    {
        if (!isAll && selector is null) return [.. ObjectNames.Typed(words).Select(word => ObjectNames.Split(word, Kinds)).Distinct()];
        if (words is not [var only] || ObjectNames.KindOf(only) is not { } kind || !Kinds.Contains(kind)) throw new UserErrorException($"--all and --selector are for a kind alone; expected one of {string.Join(", ", Kinds.Select(ObjectNames.PluralOf))}.");
        var names = (await new GetQuery(kind, [], Output: null) { Selector = selector }.AskAsync(client, stop)).Names;
        return names.Count > 0 ? [.. names.Select(name => (kind, name))] : throw new UserErrorException($"There are no {ObjectNames.PluralOf(kind)} to wait for{(selector is null ? "" : " with such labels")}.");
    }

    /// <exception cref="CommandFailedException">It is not so within the time.</exception>
    private static async Task WaitAsync(GroupClient client, IReadOnlyList<(string Kind, string Name)> things, string goal, TimeSpan limit, CancellationToken stop)
    {
        var questions = things.Select(thing => (Name: $"{ObjectNames.WholeName(thing.Kind)}/{thing.Name}", Ask: Question(client, thing.Kind, thing.Name, goal, stop))).ToList();
        var watch = Stopwatch.StartNew();
        foreach (var (name, ask) in questions)
        {
            var left = limit - watch.Elapsed;
            if (await Awaiting.UntilAsync(ask, left > TimeSpan.Zero ? left : TimeSpan.Zero, stop) is { } missing)
                throw new CommandFailedException($"timed out after {limit.TotalSeconds:0.###} s (--timeout) waiting for {goal} on {name}: {missing}");
            Console.Out.WriteLine($"{name} condition met");
        }
    }

    /// <returns>What says what is missing.</returns>
    /// <exception cref="UserErrorException">The kind has no such condition.</exception>
    private static Func<Task<string?>> Question(GroupClient client, string kind, string name, string goal, CancellationToken stop)
    {
        if (goal == Deleted) return Gone(client, kind, name, stop);
        if (goal == Created) return async () => await StatusAsync(client, kind, name, stop) is null ? "it is not there" : null;
        var parts = goal[Condition.Length..].Split('=');
        var known = Conditions.GetValueOrDefault(kind, []);
        var condition = known.FirstOrDefault(each => each.Equals(parts[0], StringComparison.OrdinalIgnoreCase));
        if (condition is null || parts.Length > 2 || !bool.TryParse(parts.ElementAtOrDefault(1) ?? "true", out var isWanted))
            throw new UserErrorException($"--for is '{goal}'; expected {(known.Length == 0 ? $"delete or create: a {kind} has no conditions" : $"condition=NAME, of a {kind} one of {string.Join(", ", known)}, and =false for its opposite")}.");
        return async () =>
        {
            var status = await StatusAsync(client, kind, name, stop) ?? throw GroupClient.NotFound($"{kind} is '{name}'; there is none of this name.");
            return status.Conditions.Contains(condition) == isWanted ? null : status.Words;
        };
    }

    private static Func<Task<string?>> Gone(GroupClient client, string kind, string name, CancellationToken stop)
    {
        if (!ObjectNames.Declared.Contains(kind)) return async () => (await StatusAsync(client, kind, name, stop))?.Words;
        DateTimeOffset? since = null;
        return async () =>
        {
            var left = await Awaiting.LeftAsync(client, kind, name, stop);
            since ??= left?.CreatedAt;
            return left is not null && left.CreatedAt == since ? left.Words : null;   // Another one of the name is not the one that was waited for.
        };
    }

    /// <returns>Null if it is not there.</returns>
    private static async Task<Status?> StatusAsync(GroupClient client, string kind, string name, CancellationToken stop)
    {
        switch (kind)
        {
            case "group":
                return await client.FindAsync(ObjectNames.RouteOf(kind, name), GroupJson.Default.GroupBody, stop) is { } group ? new([group.Status], $"{RolloutProgress.Of(group).Line}{(group.Stalled is { } stalled ? "; " + stalled : "")}") : null;
            case "role":
                var role = (await client.FindAsync(ObjectNames.RouteOf("group", name.Split('/')[0]), GroupJson.Default.GroupBody, stop))?.Roles.FirstOrDefault(each => $"{each.Group}/{each.Name}" == name);
                return role is null ? null : new(role.Ready >= role.Desired && role.Updated >= role.Desired ? ["Ready"] : [], $"{role.Ready} of {role.Desired} are ready, {role.Updated} updated");
            case "instance":
                var instance = (await client.GetAsync("groups", GroupJson.Default.GroupListBody, stop)).Groups.SelectMany(each => each.Instances).FirstOrDefault(each => each.Name == name);
                return instance is null ? null : new(instance.Status == "Running" ? ["Ready"] : [], instance.Message is { } message ? $"{instance.Status}: {message}" : instance.Status);
            case "policy":
                return await client.FindAsync(ObjectNames.RouteOf(kind, name), GroupJson.Default.PolicyBody, stop) is null ? null : new([], "it is there");
            default:
                return await client.FindAsync(ObjectNames.RouteOf(kind, name), GroupJson.Default.ObjectBody, stop) is { } found ? new([found.Status], found.Message is { } why ? $"{found.Status}: {why}" : found.Status) : null;
        }
    }

    /// <param name="Conditions">Which hold.</param>
    /// <param name="Words">How it is.</param>
    private sealed record Status(string[] Conditions, string Words);
}
