using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>get</c>, <c>describe</c>, <c>status</c>, <c>scale</c> and the other commands about groups, in kubectl's manner.</summary>
public static class GroupCommands
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    public static IEnumerable<Command> All() => [ManifestCommands.Apply(), ManifestCommands.Diff(), Get(), Describe(), Status(), Scale(), ManifestCommands.Delete(), RolloutCommands.Create(), LogsCommand.Create(), ExecCommand.Create(), ImageCommand.Create()];

    /// <summary>The option that every one of them has.</summary>
    internal static Option<string?> Server() => new("--server") { Description = $"Control node. Default: ${GroupClient.ServerVariable}, else http://127.0.0.1:{AgentCommand.DefaultManagementPort}." };

    /// <summary>A group, or another object.</summary>
    private static Argument<string> Named() => new("name") { Description = "Name of a group; or set/NAME, adapter/NAME, warmup/NAME." };

    internal static Argument<string> Group() => new("group") { Description = "Name of the group." };

    /// <summary>Runs a command with a client, until it is done or interrupted.</summary>
    internal static async Task<int> WithClientAsync(string? server, Func<GroupClient, CancellationToken, Task> run)
    {
        using var signals = new SignalCancellation();
        using var client = new GroupClient(server);
        await run(client, signals.Token);
        return CommandLine.Success;
    }

    private static Command Get()
    {
        var what = new Argument<string>("what") { Description = "groups (rbg), roles, instances (ri), agents, events, sets (rbgs), adapters (rbgsa) or warmups (rbgwarmup); or KIND/NAME." };
        what.CompletionSources.Add([.. ObjectNames.Listed]);
        var names = new Argument<string[]>("name") { Description = "Those of these names only; of roles, instances and events also those of a group.", Arity = ArgumentArity.ZeroOrMore };
        var output = new Option<string?>("--output", "-o") { Description = "wide, json, yaml or name. Default: a table." };
        output.Among("wide", "json", "yaml", "name");
        var watch = new Option<bool>("--watch", "-w") { Description = "Again whenever it changes, until Ctrl-C." };
        var server = Server();
        var command = new Command("get", "List groups, their roles or their instances.") { what, names, output, watch, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), (client, stop) =>
        {
            var query = GetQuery.Read(parsed.GetRequiredValue(what), parsed.GetValue(names) ?? [], parsed.GetValue(output));
            return parsed.GetValue(watch) ? WatchAsync(client, query, stop) : PrintAsync(client, query, stop);
        }));
        return command;
    }

    private static Command Describe()
    {
        var names = new Argument<string[]>("name") { Description = "Name of a group, and of one of its instances; or KIND/NAME, or a kind and a name.", Arity = new ArgumentArity(1, 2) };
        var server = Server();
        var command = new Command("describe", "Everything of a group, or of an instance, events included.") { names, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var given = ObjectNames.Typed(parsed.GetRequiredValue(names));
            var slash = given[0].IndexOf('/');
            Console.Out.WriteLine(slash > 0 && ObjectNames.KindOf(given[0][..slash]) == "instance"
                ? await DescribeAsync(client, "", ObjectNames.NameOf(given[0]), stop)
                : await DescribeAsync(client, given[0], given.Count > 1 ? given[1] : null, stop));
        }));
        return command;
    }

    /// <param name="group">Or another object; empty for the one that has the instance.</param>
    private static async Task<string> DescribeAsync(GroupClient client, string group, string? instance, CancellationToken stop)
    {
        if (ObjectNames.PathOf(group) is { } path) return ObjectTables.Describe(await client.GetAsync(path, GroupJson.Default.ObjectBody, stop), DateTimeOffset.UtcNow);
        var body = group.Length > 0 ? await FindAsync(client, ObjectNames.NameOf(group), stop) : await FindByInstanceAsync(client, instance!, stop);
        if (instance is null) return GroupDescription.Of(body, DateTimeOffset.UtcNow);
        return GroupDescription.Of(body, GroupDescription.Find(body, instance) ?? throw new UserErrorException(GroupDescription.NoInstance(body, instance)), DateTimeOffset.UtcNow);
    }

    /// <summary>The group that has an instance, or a process.</summary>
    /// <exception cref="UserErrorException">None has.</exception>
    internal static async Task<GroupBody> FindByInstanceAsync(GroupClient client, string instance, CancellationToken stop) =>
        (await client.GetAsync("groups", GroupJson.Default.GroupListBody, stop)).Groups.FirstOrDefault(group => GroupDescription.Find(group, instance) is not null)
            ?? throw GroupClient.NotFound($"instance is '{instance}'; there is none of this name.");

    private static Command Status()
    {
        var (group, server) = (Group(), Server());
        var command = new Command("status", "How far a group is.") { group, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), async (client, stop) =>
            Console.Out.WriteLine(GroupDescription.Status(await FindAsync(client, ObjectNames.NameOf(parsed.GetRequiredValue(group)), stop), DateTimeOffset.UtcNow))));
        return command;
    }

    private static Command Scale()
    {
        var (group, server) = (Named(), Server());
        var role = new Option<string?>("--role") { Description = "Name of the role; of a group only." };
        var replicas = NumberOption.Integer("--replicas", "Instances that it is to have.", 0);
        replicas.Required = true;
        var command = new Command("scale", "Set how many instances a role has, or groups a set.") { group, role, replicas, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var name = parsed.GetRequiredValue(group);
            var path = ObjectNames.PathOf(name);
            if (path is null && parsed.GetValue(role) is null) throw new UserErrorException("--role is missing; expected one of the group's roles.");
            var body = System.Text.Json.JsonSerializer.Serialize(new ScaleBody(parsed.GetValue(role) ?? "", parsed.GetValue(replicas)!.Value), GroupJson.Default.ScaleBody);
            Print(await client.PostAsync($"{ObjectNames.RouteOf(name)}/scale", body, GroupJson.Default.AppliedBody, stop), "scaled");
        }));
        return command;
    }

    internal static void Print(AppliedBody answer, string done)
    {
        foreach (var item in answer.Applied) Console.Out.WriteLine(GroupTables.Outcome(item, done));
    }

    internal static Task<GroupBody> FindAsync(GroupClient client, string group, CancellationToken stop) =>
        client.GetAsync($"groups/{Uri.EscapeDataString(group)}", GroupJson.Default.GroupBody, stop);

    private static async Task PrintAsync(GroupClient client, GetQuery query, CancellationToken stop)
    {
        var text = (await query.AskAsync(client, stop))(DateTimeOffset.UtcNow);
        if (text.Length > 0) Console.Out.WriteLine(text);   // No names are no line.
    }

    private static async Task WatchAsync(GroupClient client, GetQuery query, CancellationToken stop)
    {
        var rows = new ChangedRows(query.Output is null or "wide");
        using var timer = new PeriodicTimer(WatchInterval);
        do
        {
            var fresh = rows.Next(await query.AskAsync(client, stop), DateTimeOffset.UtcNow);
            if (fresh.Length > 0) Console.Out.WriteLine(fresh);
        }
        while (await timer.WaitForNextTickAsync(stop));
    }
}
