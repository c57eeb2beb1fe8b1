using System.Globalization;
using ActorInference.Actors.Protocols;
using ActorInference.Host.Management;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>worker</c>: the workers of the roles, and sparing one.</summary>
internal static class WorkerCommands
{
    /// <summary>A console waits 30 s for an answer.</summary>
    private const int MaxGraceSeconds = 25;

    private static readonly CommandDefinition List = new CommandDefinitionBuilder()
        .WithName("list").WithDescription("The workers that the router knows, and how busy they are.")
        .Build();

    private static readonly CommandDefinition Status = new CommandDefinitionBuilder()
        .WithName("status").WithDescription("Whether requests can be served; with -w, one worker.")
        .WithArgument(argument => argument.WithName("worker").WithSwitch("-w").WithSwitch("--worker").WithDescription("Name of a worker, such as prefill-0."))
        .Build();

    private static readonly CommandDefinition Drain = new CommandDefinitionBuilder()
        .WithName("drain").WithDescription("Has a worker finish what it has and take no more; what is left after the grace time goes on elsewhere.")
        .WithArgument(argument => argument.WithName("worker").WithSwitch("-w").WithSwitch("--worker").IsMandatory(true).WithDescription("Name of a worker, such as decode-0."))
        .WithArgument(argument => argument.WithName("grace").WithSwitch("-g").WithSwitch("--grace").WithDescription("Seconds, 0 to 25.").WithDefaultValue("10"))
        .Build();

    private static readonly CommandDefinition Resume = new CommandDefinitionBuilder()
        .WithName("resume").WithDescription("Has a worker that was drained take work again.")
        .WithArgument(argument => argument.WithName("worker").WithSwitch("-w").WithSwitch("--worker").IsMandatory(true).WithDescription("Name of a worker, such as decode-0."))
        .Build();

    private static readonly CommandPalette Commands = new("worker", new[] { List, Status, Drain, Resume });

    /// <summary>For a worker's answer, after a grace time if there is one.</summary>
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(4);

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly CommandPaletteHandler Instance = new Palette<Handler>(Commands);

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(Commands)
        {
            Process(List.Name, (_, _) => Answer(Table));
            Process(Status.Name, (_, arguments) =>
            {
                var name = arguments.Value("worker");
                Answer(workers => name is null ? Summary(workers) : One(workers, name));
            });
            Process(Drain.Name, (_, arguments) => Answer(DrainAsync(
                Context.System, arguments.Value("worker") ?? "", arguments.Value("grace") ?? "10")));
            Process(Resume.Name, (_, arguments) => Answer(Context.System.AskWorkerAsync<WorkerProtocol.Resumed>(
                arguments.Value("worker") ?? "", WorkerProtocol.Resume.Instance, AnswerDeadline, resumed => $"{resumed.Worker} takes work again.")));
        }

        private void Answer(Task<CommandResponse> answer) =>
            answer.PipeTo(Sender, Self, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));

        private void Answer(Func<RouterProtocol.Workers, CommandResponse> answer) => Context.System.WorkersAsync().PipeTo(
            Sender, Self, success: answer, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));
    }

    private static async Task<CommandResponse> DrainAsync(ActorSystem system, string worker, string text)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > MaxGraceSeconds)
            return new ErroredCommandResponse($"grace is '{text}'; expected 0 to {MaxGraceSeconds} seconds.");
        var grace = TimeSpan.FromSeconds(seconds);
        return await system.AskWorkerAsync<WorkerProtocol.Drained>(worker, new WorkerProtocol.Drain(grace), grace + AnswerDeadline, drained => drained.HandedOver == 0
            ? $"{drained.Worker} has no work left and takes none."
            : $"{drained.Worker} takes no work; {drained.HandedOver} jobs that were left after {seconds} s go on elsewhere.");
    }

    private static CommandResponse Table(RouterProtocol.Workers workers) => workers.Reports.IsEmpty
        ? new CommandResponse("There are no workers.")
        : ConsoleTable.Of(["WORKER", "ROLE", "JOBS", "PENDING TOKENS", "PAGES HELD", "CACHED", "OF", "STATE"], workers.Reports.Select(Row));

    private static string[] Row(RouterProtocol.WorkerReport report) =>
    [
        report.Worker.Value,
        report.Role.Name(),
        Text(report.Jobs),
        Text(report.PendingTokens),
        Text(report.HeldPages),
        Text(report.CachedPages),
        Text(report.CapacityPages),
        report.Draining ? "draining" : "serving",
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static CommandResponse Summary(RouterProtocol.Workers workers)
    {
        var reason = workers.WhyNotServing();
        var counts = Enum.GetValues<WorkerRole>()
            .Select(role => (Role: role, Count: workers.Reports.Count(report => report.Role == role)))
            .Where(each => each.Count > 0 || each.Role != WorkerRole.Both)
            .Select(each => $"{each.Count} {each.Role.Name()}");
        return new CommandResponse($"""
            serving: {(reason is null ? "yes" : $"no. {reason}")}
            workers: {string.Join(", ", counts)}
            generations under way: {workers.InFlight}
            """);
    }

    private static CommandResponse One(RouterProtocol.Workers workers, string name)
    {
        if (workers.Find(name) is not { } report) return WorkerRequests.NotFound(workers, name);
        return new CommandResponse($"""
            worker: {report.Worker.Value}
            role: {report.Role.Name()}
            actor: {report.Actor.Path}
            jobs: {report.Jobs}
            pending tokens: {report.PendingTokens}
            pages: {report.HeldPages} held by jobs, {report.CachedPages} cached, {report.UsedPages} of {report.CapacityPages} used
            state: {(report.Draining ? "draining" : "serving")}
            """);
    }
}
