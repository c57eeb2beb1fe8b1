using System.Globalization;
using ActorInference.Host.Groups;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>rollout</c>: how a group goes from a revision to the next.</summary>
public sealed class RolloutPalette : CommandPaletteHandler
{
    private static readonly CommandDefinition Status = GroupConsole.Define("status", "How far it is.", "group");
    private static readonly CommandDefinition History = GroupConsole.Define("history", "The revisions that are kept.", "group");
    private static readonly CommandDefinition Pause = GroupConsole.Define("pause", "Stop a rollout where it stands.", "group");
    private static readonly CommandDefinition Resume = GroupConsole.Define("resume", "Let a rollout go on.", "group");
    private static readonly CommandDefinition Undo = GroupConsole.Define("undo", "Declare an earlier revision again; without --revision the one before.", "group", "revision");
    private static readonly CommandDefinition Restart = GroupConsole.Define("restart", "Begin all instances again, or those of a role.", "group", "role");

    private static readonly CommandPalette RolloutsPalette = new("rollout", new[] { Status, History, Pause, Resume, Undo, Restart });

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly RolloutPalette Instance = new();

    private RolloutPalette()
        : base(RolloutsPalette) => HandlerProps = Props.Create(() => new Handler());

    public override Props HandlerProps { get; }

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(RolloutsPalette)
        {
            Process(Status.Name, (_, arguments) => Answer(async service =>
                GroupDescription.Status(await service.FindAsync(GroupConsole.Required(arguments, "group")).ConfigureAwait(false), DateTimeOffset.UtcNow)));
            Process(History.Name, (_, arguments) => Answer(async service => Table(await service.HistoryAsync(GroupConsole.Required(arguments, "group")).ConfigureAwait(false))));
            foreach (var definition in new[] { Pause, Resume, Undo, Restart })
            {
                var verb = definition.Name;
                Process(verb, (_, arguments) => Answer(service => ChangeAsync(service, verb, arguments)));
            }
        }

        private void Answer(Func<GroupService, Task<string>> ask) => GroupConsole.AnswerAsync(Context.System, ask).PipeTo(
            Sender, Self, success: answer => answer, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));
    }

    private static async Task<string> ChangeAsync(GroupService service, string verb, CommandArguments arguments)
    {
        var text = arguments.ArgumentValues("revision").FirstOrDefault() ?? "0";
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)) throw new GroupRefusedException($"--revision is '{text}'; expected a whole number.");
        var item = await service.RolloutAsync(GroupConsole.Required(arguments, "group"), verb, new RolloutBody(revision, arguments.ArgumentValues("role").FirstOrDefault())).ConfigureAwait(false);
        return $"{item.Name} {item.Outcome}, revision {item.Revision}";
    }

    private static string Table(HistoryBody history) => GroupTables.Write(
        ["REVISION", "AGE", "CAUSE"],
        history.Revisions.Select(revision => (IReadOnlyList<string>)
            [revision.Revision.ToString(CultureInfo.InvariantCulture), GroupTables.Age(DateTimeOffset.UtcNow - revision.At), revision.Cause]));
}
