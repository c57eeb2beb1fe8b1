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
    private static readonly CommandDefinition History = GroupConsole.Define("history", "The revisions that are kept; with --revision, one of them whole.", "group", "revision");
    private static readonly CommandDefinition Diff = GroupConsole.Define("diff", "From an earlier revision to the declared one.", "group", "revision");
    private static readonly CommandDefinition Pause = GroupConsole.Define("pause", "Stop a rollout where it stands.", "group");
    private static readonly CommandDefinition Resume = GroupConsole.Define("resume", "Let a rollout go on.", "group");
    private static readonly CommandDefinition Undo = GroupConsole.Define("undo", "Declare an earlier revision again; without --revision the one before.", "group", "revision");
    private static readonly CommandDefinition Restart = GroupConsole.Define("restart", "Begin all instances again, or those of a role, by the rules of a rollout; with --instance one of them, as it is.", "group", "role", "instance");

    private static readonly CommandPalette RolloutsPalette = new("rollout", new[] { Status, History, Diff, Pause, Resume, Undo, Restart });

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
            Process(History.Name, (_, arguments) => Answer(async service =>
            {
                var history = await HistoryAsync(service, arguments).ConfigureAwait(false);
                return RevisionOf(arguments) is var revision and > 0
                    ? RolloutTables.Yaml(history, revision) ?? throw new GroupRefusedException(RolloutTables.NotKept(history, revision))
                    : RolloutTables.History(history, DateTimeOffset.UtcNow);
            }));
            Process(Diff.Name, (_, arguments) => Answer(async service =>
            {
                GroupConsole.Required(arguments, "revision");
                var (history, revision) = (await HistoryAsync(service, arguments).ConfigureAwait(false), RevisionOf(arguments));
                return RolloutTables.Diff(history, revision) ?? throw new GroupRefusedException(RolloutTables.NotKept(history, revision));
            }));
            foreach (var definition in new[] { Pause, Resume, Undo, Restart })
            {
                var verb = definition.Name;
                Process(verb, (_, arguments) => Answer(service => ChangeAsync(service, verb, arguments)));
            }
        }

        private void Answer(Func<GroupService, Task<string>> ask) => GroupConsole.AnswerAsync(Context.System, ask).PipeTo(
            Sender, Self, success: answer => answer, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));
    }

    private static Task<HistoryBody> HistoryAsync(GroupService service, CommandArguments arguments) => service.HistoryAsync(GroupConsole.Required(arguments, "group"));

    private static async Task<string> ChangeAsync(GroupService service, string verb, CommandArguments arguments)
    {
        // Only what a command defines can be asked for.
        var body = verb switch
        {
            "undo" => new RolloutBody(RevisionOf(arguments), null),
            "restart" => new RolloutBody(0, arguments.Value("role")) { Instance = arguments.Value("instance") },
            _ => new RolloutBody(0, null),
        };
        var item = await service.RolloutAsync(GroupConsole.Required(arguments, "group"), verb, body).ConfigureAwait(false);
        return GroupTables.Changed(item, verb);
    }

    /// <returns>0 if it is not given.</returns>
    /// <exception cref="GroupRefusedException">It is no number.</exception>
    private static long RevisionOf(CommandArguments arguments)
    {
        if (arguments.ArgumentValues("revision").FirstOrDefault() is not { } text) return 0;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) && revision > 0 ? revision : throw new GroupRefusedException($"--revision is '{text}'; expected a whole number of at least 1.");
    }
}
