using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>get</c>, <c>describe</c>, <c>status</c>, <c>scale</c> and the other commands about groups, in kubectl's manner.</summary>
public static class GroupCommands
{
    public static IEnumerable<Command> All() => [ManifestCommands.Apply(), ManifestCommands.Diff(), GetCommand.Create(), DescribeCommand.Create(), Status(), Scale(), DeleteCommand.Create(), WaitCommand.Create(), RolloutCommands.Create(), LogsCommand.Create(), ExecCommand.Create(), ImageCommand.Create()];

    /// <summary>The option that every one of them has.</summary>
    internal static Option<string?> Server() => new("--server") { Description = $"Control node. Default: ${GroupClient.ServerVariable}, else http://127.0.0.1:{AgentCommand.DefaultManagementPort}." };

    /// <summary>Names that stand beside each other.</summary>
    internal static Argument<string[]> Names(string description, ArgumentArity arity, string name = "name")
    {
        var names = new Argument<string[]>(name) { Description = description, Arity = arity };
        names.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith('-')) is { } option) result.AddError($"'{option.Value}' is no option here; expected names.");
        });
        return names;
    }

    /// <summary>A group: its name, alone or after its kind.</summary>
    internal static Argument<string[]> Group() => Names("Name of the group.", new ArgumentArity(1, 2), "group");

    /// <summary>Runs a command with a client, until it is done or interrupted.</summary>
    internal static async Task<int> WithClientAsync(string? server, Func<GroupClient, CancellationToken, Task> run)
    {
        using var signals = new SignalCancellation();
        using var client = new GroupClient(server);
        await run(client, signals.Token);
        return CommandLine.Success;
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
            Console.Out.WriteLine(GroupDescription.Status(await FindAsync(client, ObjectNames.GroupNamed(parsed.GetRequiredValue(group)), stop), DateTimeOffset.UtcNow))));
        return command;
    }

    private static Command Scale()
    {
        var names = Names("Name of a group; or role/GROUP/ROLE, set/NAME, adapter/NAME; or a kind and a name.", new ArgumentArity(1, 2));
        var server = Server();
        var role = new Option<string?>("--role") { Description = "Name of the role; of a group only, and needed if it has several." };
        var replicas = NumberOption.Integer("--replicas", "Instances that it is to have.", 0);
        replicas.Required = true;
        var command = new Command("scale", "Set how many instances a role has, or groups a set.") { names, role, replicas, server };
        command.SetAction((parsed, _) => WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var (route, of) = await ScaledAsync(client, ObjectNames.Typed(parsed.GetRequiredValue(names)), parsed.GetValue(role), stop);
            var body = System.Text.Json.JsonSerializer.Serialize(new ScaleBody(of, parsed.GetValue(replicas)!.Value), GroupJson.Default.ScaleBody);
            Print(await client.PostAsync($"{route}/scale", body, GroupJson.Default.AppliedBody, stop), "scaled");
        }));
        return command;
    }

    /// <returns>Where to ask, and the role if it is a group's.</returns>
    /// <exception cref="UserErrorException">It is not said which role, and there is not only one.</exception>
    private static async Task<(string Route, string Role)> ScaledAsync(GroupClient client, IReadOnlyList<string> names, string? role, CancellationToken stop)
    {
        if (names is not [var only]) throw new UserErrorException($"'{string.Join(' ', names)}' is more than one name; expected one.");
        var (kind, name) = ObjectNames.Split(only, "group", "role", "set", "adapter", "warmup");
        if (kind is not ("group" or "role")) return role is null ? (ObjectNames.RouteOf(kind, name), "") : throw new UserErrorException($"--role is '{role}'; expected none for {only}.");
        if (kind == "role" && name.Split('/') is var parts)
            return parts is [var of, var its] && role is null ? (ObjectNames.RouteOf("group", of), its) : throw new UserErrorException($"'{only}' is no role; expected role/GROUP/ROLE, and no --role.");
        if (role is not null) return (ObjectNames.RouteOf(kind, name), role);
        var roles = (await FindAsync(client, name, stop)).Roles;
        return roles is [var single] ? (ObjectNames.RouteOf(kind, name), single.Name) : throw new UserErrorException($"--role is missing; expected one of {string.Join(", ", roles.Select(each => each.Name))}.");
    }

    internal static void Print(AppliedBody answer, string done)
    {
        foreach (var item in answer.Applied) Console.Out.WriteLine(GroupTables.Outcome(item, done));
    }

    internal static Task<GroupBody> FindAsync(GroupClient client, string group, CancellationToken stop) =>
        client.GetAsync($"groups/{Uri.EscapeDataString(group)}", GroupJson.Default.GroupBody, stop);
}
