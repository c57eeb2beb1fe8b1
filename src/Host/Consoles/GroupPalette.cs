using ActorInference.Host.Groups;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>group</c>: groups, their roles and their instances.</summary>
public sealed class GroupPalette : CommandPaletteHandler
{
    private static readonly CommandDefinition List = GroupConsole.Define("list", "The groups.");
    private static readonly CommandDefinition Roles = GroupConsole.Define("roles", "The roles of a group.", "group");
    private static readonly CommandDefinition Instances = GroupConsole.Define("instances", "The instances of a group.", "group");
    private static readonly CommandDefinition Describe = GroupConsole.Define("describe", "Everything of a group, its events included.", "group");
    private static readonly CommandDefinition Status = GroupConsole.Define("status", "How far a group is.", "group");

    private static readonly CommandPalette GroupsPalette = new("group", new[] { List, Roles, Instances, Describe, Status });

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly GroupPalette Instance = new();

    private GroupPalette()
        : base(GroupsPalette) => HandlerProps = Props.Create(() => new Handler());

    public override Props HandlerProps { get; }

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(GroupsPalette)
        {
            Process(List.Name, (_, _) => Answer(async service => GroupTables.Groups((await service.ListAsync().ConfigureAwait(false)).Groups, isWide: true, DateTimeOffset.UtcNow)));
            Process(Roles.Name, (_, arguments) => Answer(arguments, body => GroupTables.Roles([body], DateTimeOffset.UtcNow)));
            Process(Instances.Name, (_, arguments) => Answer(arguments, body => GroupTables.Instances([body], isWide: true, DateTimeOffset.UtcNow)));
            Process(Describe.Name, (_, arguments) => Answer(arguments, body => GroupDescription.Of(body, DateTimeOffset.UtcNow)));
            Process(Status.Name, (_, arguments) => Answer(arguments, body => GroupDescription.Status(body, DateTimeOffset.UtcNow)));
        }

        private void Answer(CommandArguments arguments, Func<GroupBody, string> show) =>
            Answer(async service => show(await service.FindAsync(GroupConsole.Required(arguments, "group")).ConfigureAwait(false)));

        private void Answer(Func<GroupService, Task<string>> ask) => GroupConsole.AnswerAsync(Context.System, ask).PipeTo(
            Sender, Self, success: answer => answer, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));
    }
}
