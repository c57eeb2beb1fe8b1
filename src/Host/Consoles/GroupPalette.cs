using ActorInference.Host.Groups;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>group</c>: groups, their roles and their instances, and the objects beside them; answered as the command line does.</summary>
public sealed class GroupPalette : CommandPaletteHandler
{
    private const int DefaultLogLines = 100;
    private const int ExecTimeoutSeconds = 30;

    private static readonly CommandDefinition List = GroupConsole.Define("list", "The groups.");
    private static readonly CommandDefinition Roles = GroupConsole.Define("roles", "The roles of a group.", "group");
    private static readonly CommandDefinition Instances = GroupConsole.Define("instances", "The instances of a group.", "group");
    private static readonly CommandDefinition Describe = GroupConsole.Define("describe", "Everything of a group, its events included, or of one instance; or of set/NAME, adapter/NAME, warmup/NAME, policy/NAME.", "group", "instance");
    private static readonly CommandDefinition Status = GroupConsole.Define("status", "How far a group is.", "group");
    private static readonly CommandDefinition Yaml = GroupConsole.Define("yaml", "What is declared of a group; or of set/NAME and so on.", "group");
    private static readonly CommandDefinition Events = GroupConsole.Define("events", "What has happened to a group.", "group");
    private static readonly CommandDefinition Scale = GroupConsole.Define("scale", "Set how many instances a role has; or set/NAME groups, or adapter/NAME instances.", "group", "role", "replicas");
    private static readonly CommandDefinition Delete = GroupConsole.Define("delete", "End a group, its instances in the reverse order of dependencies; or set/NAME and so on.", "group");
    private static readonly CommandDefinition Objects = GroupConsole.Define("objects", "The sets, adapters, warmups or policies, by --kind.", "kind");
    private static readonly CommandDefinition Agents = GroupConsole.Define("agents", "The hosts that groups can be on.");
    private static readonly CommandDefinition Logs = GroupConsole.Define("logs", "What an instance has written last.", "group", "instance", "tail");
    private static readonly CommandDefinition Exec = GroupConsole.Define("exec", "Run a program in an instance's surroundings; --command \"ls -l\".", "group", "instance", "command");

    private static readonly CommandPalette GroupsPalette = new("group", new[] { List, Roles, Instances, Describe, Status, Yaml, Events, Scale, Delete, Objects, Agents, Logs, Exec });

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly GroupPalette Instance = new();

    private GroupPalette()
        : base(GroupsPalette) => HandlerProps = Props.Create(() => new Handler());

    public override Props HandlerProps { get; }

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(GroupsPalette)
        {
            Process(List.Name, (_, _) => Answer(async (groups, _) => GroupTables.Groups((await groups.ListAsync().ConfigureAwait(false)).Groups, isWide: true, Now)));
            Process(Roles.Name, (_, arguments) => Answer(arguments, body => GroupTables.Roles([body], Now)));
            Process(Instances.Name, (_, arguments) => Answer(arguments, body => GroupTables.Instances([body], isWide: true, Now)));
            Process(Events.Name, (_, arguments) => Answer(arguments, body => GroupTables.Events(body.Events, Now)));
            Process(Status.Name, (_, arguments) => Answer(arguments, body => GroupDescription.Status(body, Now)));
            Process(Agents.Name, (_, _) => Answer(async (groups, _) => GroupTables.Agents(await groups.AgentsAsync().ConfigureAwait(false))));
            Process(Objects.Name, (_, arguments) => Answer((_, objects) => ObjectsAsync(objects, arguments)));
            Process(Describe.Name, (_, arguments) => Answer((groups, objects) => DescribeAsync(groups, objects, arguments)));
            Process(Yaml.Name, (_, arguments) => Answer((groups, objects) => YamlAsync(groups, objects, arguments)));
            Process(Scale.Name, (_, arguments) => Answer((groups, objects) => ScaleAsync(groups, objects, arguments)));
            Process(Delete.Name, (_, arguments) => Answer((groups, objects) => DeleteAsync(groups, objects, arguments)));
            Process(Logs.Name, (_, arguments) => Answer((groups, _) => LogsAsync(groups, arguments)));
            Process(Exec.Name, (_, arguments) => Answer((groups, _) => ExecAsync(groups, arguments)));
        }

        private void Answer(CommandArguments arguments, Func<GroupBody, string> show) => Answer(async (groups, _) => show(await groups.FindAsync(GroupOf(arguments)).ConfigureAwait(false)));

        private void Answer(Func<GroupService, ObjectService, Task<string>> ask) => GroupConsole.AnswerAsync(Context.System, ask).PipeTo(
            Sender, Self, success: answer => answer, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));
    }

    private static string GroupOf(CommandArguments arguments) => ObjectNames.NameOf(GroupConsole.Required(arguments, "group"));

    private static async Task<string> ObjectsAsync(ObjectService objects, CommandArguments arguments)
    {
        var word = GroupConsole.Required(arguments, "kind");
        var kind = ObjectNames.KindOf(word) ?? word;
        if (kind == "policy") return PolicyTables.List((await objects.Policies.ListAsync().ConfigureAwait(false)).Policies, isWide: true);
        return ObjectTables.List(await objects.ListAsync(ObjectService.ParseKind(kind)).ConfigureAwait(false), Now);
    }

    private static async Task<string> DescribeAsync(GroupService groups, ObjectService objects, CommandArguments arguments)
    {
        var (kind, name) = Declared(arguments);
        if (kind == "policy") return PolicyTables.Describe(await objects.Policies.FindAsync(name).ConfigureAwait(false), await objects.Policies.YamlAsync(name).ConfigureAwait(false));
        if (kind != "group") return ObjectTables.Describe(await objects.FindAsync(ObjectService.ParseKind(kind), name).ConfigureAwait(false), Now);
        var body = await groups.FindAsync(name).ConfigureAwait(false);
        if (arguments.Value("instance") is not { } instance) return GroupDescription.Of(body, Now);
        return GroupDescription.Of(body, GroupDescription.Find(body, instance) ?? throw new GroupRefusedException(GroupDescription.NoInstance(body, instance)), Now);
    }

    private static async Task<string> YamlAsync(GroupService groups, ObjectService objects, CommandArguments arguments)
    {
        var (kind, name) = Declared(arguments);
        var yaml = kind switch
        {
            "group" => groups.YamlAsync(name),
            "policy" => objects.Policies.YamlAsync(name),
            _ => objects.YamlAsync(ObjectService.ParseKind(kind), name),
        };
        return (await yaml.ConfigureAwait(false)).TrimEnd('\n');
    }

    /// <summary>What <c>--group</c> names, of whatever kind people declare.</summary>
    private static (string Kind, string Name) Declared(CommandArguments arguments) => ObjectNames.Split(GroupConsole.Required(arguments, "group"), ObjectNames.Declared);

    private static async Task<string> ScaleAsync(GroupService groups, ObjectService objects, CommandArguments arguments)
    {
        var found = ObjectNames.ObjectOf(GroupConsole.Required(arguments, "group"));
        GroupConsole.Required(arguments, "replicas");
        var replicas = GroupConsole.Number(arguments, "replicas")!.Value;
        var scaled = found is { } named
            ? objects.ScaleAsync(ObjectService.ParseKind(named.Kind), named.Name, replicas)
            : groups.ScaleAsync(GroupOf(arguments), GroupConsole.Required(arguments, "role"), replicas);
        return GroupTables.Outcome(await scaled.ConfigureAwait(false), "scaled");
    }

    private static async Task<string> DeleteAsync(GroupService groups, ObjectService objects, CommandArguments arguments)
    {
        var (kind, name) = Declared(arguments);
        var deleted = kind switch
        {
            "group" => groups.DeleteAsync(name),
            "policy" => objects.Policies.DeleteAsync(name),
            _ => objects.DeleteAsync(ObjectService.ParseKind(kind), name),
        };
        return GroupTables.Outcome(await deleted.ConfigureAwait(false), "deleted");
    }

    private static async Task<string> LogsAsync(GroupService groups, CommandArguments arguments)
    {
        var lines = GroupConsole.Number(arguments, "tail") ?? DefaultLogLines;
        return (await groups.LogAsync(GroupOf(arguments), GroupConsole.Required(arguments, "instance"), offset: null, lines).ConfigureAwait(false)).Text.TrimEnd('\n');
    }

    private static async Task<string> ExecAsync(GroupService groups, CommandArguments arguments)
    {
        var words = CommandWords.Split(GroupConsole.Required(arguments, "command"));
        var ended = await groups.ExecAsync(GroupOf(arguments), GroupConsole.Required(arguments, "instance"), new ExecBody(words, ExecTimeoutSeconds)).ConfigureAwait(false);
        return ended.ExitCode == 0 ? ended.Output.TrimEnd('\n') : throw new GroupRefusedException($"{words[0]} ended with exit code {ended.ExitCode}: {ended.Output.TrimEnd('\n')}");
    }
}
