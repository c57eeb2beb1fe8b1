using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>apply</c>, <c>diff</c>, <c>get</c>, <c>describe</c>, <c>status</c>, <c>scale</c>, <c>delete</c>: groups, in kubectl's manner.</summary>
public static class GroupCommands
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    public static IEnumerable<Command> All() => [Apply(), Diff(), Get(), Describe(), Status(), Scale(), Delete(), RolloutCommands.Create(), LogsCommand.Create(), ExecCommand.Create(), ImageCommand.Create()];

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

    private static Command Apply()
    {
        var (file, dryRun, server) = (FileOption(), new Option<bool>("--dry-run") { Description = "Check, and say what would change." }, Server());
        var command = new Command("apply", "Declare the groups of a file.") { file, dryRun, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), (client, stop) => ApplyAsync(client, parsed.GetRequiredValue(file), parsed.GetValue(dryRun), stop)));
        return command;
    }

    private static Command Diff()
    {
        var (file, server) = (FileOption(), Server());
        var command = new Command("diff", "What applying a file would change.") { file, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var answer = await DeclareAsync(client, parsed.GetRequiredValue(file), isDryRun: true, stop);
            foreach (var item in answer.Applied.Where(item => !string.IsNullOrEmpty(item.Diff))) Console.Out.WriteLine($"{item.Kind} {item.Name}\n{item.Diff!.TrimEnd('\n')}");
        }));
        return command;
    }

    private static Command Get()
    {
        var what = new Argument<string>("what") { Description = "groups, roles, instances, agents, sets (rbgs), adapters (rbgsa) or warmups (rbgwarmup)." };
        what.Among(["groups", "group", "roles", "role", "instances", "instance", "agents", .. ObjectNames.Aliases]);
        var name = new Argument<string?>("name") { Description = "Of one group only, or the one of this name.", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string?>("--output", "-o") { Description = "wide, json or yaml. Default: a table." };
        output.Among("wide", "json", "yaml");
        var watch = new Option<bool>("--watch", "-w") { Description = "Again whenever it changes, until Ctrl-C." };
        var server = Server();
        var command = new Command("get", "List groups, their roles or their instances.") { what, name, output, watch, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), (client, stop) =>
        {
            var query = new GetQuery(ObjectNames.KindOf(parsed.GetRequiredValue(what)) ?? parsed.GetRequiredValue(what).TrimEnd('s'), parsed.GetValue(name), parsed.GetValue(output));
            return parsed.GetValue(watch) ? WatchAsync(client, query, stop) : PrintAsync(client, query, stop);
        }));
        return command;
    }

    private static Command Describe()
    {
        var (group, instance, server) = (Named(), new Argument<string?>("instance") { Description = "One instance of it.", Arity = ArgumentArity.ZeroOrOne }, Server());
        var command = new Command("describe", "Everything of a group, or of an instance, events included.") { group, instance, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            if (ObjectNames.PathOf(parsed.GetRequiredValue(group)) is { } path)
            {
                Console.Out.WriteLine(ObjectTables.Describe(await client.GetAsync(path, GroupJson.Default.ObjectBody, stop), DateTimeOffset.UtcNow));
                return;
            }

            var body = await FindAsync(client, ObjectNames.GroupOf(parsed.GetRequiredValue(group)), stop);
            if (parsed.GetValue(instance) is not { } name)
            {
                Console.Out.WriteLine(GroupDescription.Of(body, DateTimeOffset.UtcNow));
                return;
            }

            var found = body.Instances.FirstOrDefault(each => each.Name == name)
                ?? throw new UserErrorException($"instance is '{name}'; expected one of {string.Join(", ", body.Instances.Select(each => each.Name))}.");
            Console.Out.WriteLine(GroupDescription.Of(body, found, DateTimeOffset.UtcNow));
        }));
        return command;
    }

    private static Command Status()
    {
        var (group, server) = (Group(), Server());
        var command = new Command("status", "How far a group is.") { group, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), async (client, stop) =>
            Console.Out.WriteLine(GroupDescription.Status(await FindAsync(client, parsed.GetRequiredValue(group), stop), DateTimeOffset.UtcNow))));
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
            Print(await client.PostAsync($"{path ?? $"groups/{Uri.EscapeDataString(ObjectNames.GroupOf(name))}"}/scale", body, GroupJson.Default.AppliedBody, stop), "scaled");
        }));
        return command;
    }

    private static Command Delete()
    {
        var (group, server) = (Named(), Server());
        var command = new Command("delete", "End a group, its instances in the reverse order of dependencies; or a set, an adapter, a warm-up.") { group, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), async (client, stop) =>
            Print(await client.DeleteAsync(ObjectNames.PathOf(parsed.GetRequiredValue(group)) ?? $"groups/{Uri.EscapeDataString(ObjectNames.GroupOf(parsed.GetRequiredValue(group)))}", GroupJson.Default.AppliedBody, stop), "deleted")));
        return command;
    }

    private static Option<string> FileOption() => new("--filename", "-f") { Description = "YAML file; - for standard input.", Required = true };

    private static string Text(string file)
    {
        try
        {
            return file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--filename is '{file}'; expected a file that can be read: {cause.Message}", cause);
        }
    }

    private static async Task ApplyAsync(GroupClient client, string file, bool isDryRun, CancellationToken stop)
    {
        var answer = await DeclareAsync(client, file, isDryRun, stop);
        foreach (var item in answer.Applied) Console.Out.WriteLine($"{item.Kind.ToLowerInvariant()}/{item.Name} {item.Outcome}{(isDryRun ? " (dry run)" : "")}");
    }

    private static async Task<AppliedBody> DeclareAsync(GroupClient client, string file, bool isDryRun, CancellationToken stop)
    {
        var source = file == "-" ? "stdin" : file;
        var answer = await client.PostAsync(isDryRun ? "groups?dry_run=true" : "groups", Text(file), GroupJson.Default.AppliedBody, stop, source);
        foreach (var warning in answer.Warnings) Console.Error.WriteLine($"warning: {source}: {warning}");
        return answer;
    }

    internal static void Print(AppliedBody answer, string done)
    {
        foreach (var item in answer.Applied) Console.Out.WriteLine($"{item.Kind.ToLowerInvariant()}/{item.Name} {(item.Outcome == "unchanged" ? "unchanged" : done)}");
    }

    internal static Task<GroupBody> FindAsync(GroupClient client, string group, CancellationToken stop) =>
        client.GetAsync($"groups/{Uri.EscapeDataString(group)}", GroupJson.Default.GroupBody, stop);

    private static async Task PrintAsync(GroupClient client, GetQuery query, CancellationToken stop) => Console.Out.WriteLine((await query.AskAsync(client, stop))(DateTimeOffset.UtcNow));

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
