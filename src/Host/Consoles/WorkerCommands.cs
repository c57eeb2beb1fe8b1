using System.Globalization;
using ActorInference.Actors.Protocols;
using ActorInference.Host.Management;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>worker</c>: the workers of the roles.</summary>
internal static class WorkerCommands
{
    private static readonly CommandDefinition List = new CommandDefinitionBuilder()
        .WithName("list").WithDescription("The workers that the router knows, and how busy they are.")
        .Build();

    private static readonly CommandDefinition Status = new CommandDefinitionBuilder()
        .WithName("status").WithDescription("Whether requests can be served; with -w, one worker.")
        .WithArgument(argument => argument.WithName("worker").WithSwitch("-w").WithSwitch("--worker").WithDescription("Name of a worker, such as prefill-0."))
        .Build();

    private static readonly CommandPalette Commands = new("worker", new[] { List, Status });

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
        }

        private void Answer(Func<RouterProtocol.Workers, CommandResponse> answer) => Context.System.WorkersAsync().PipeTo(
            Sender, Self, success: answer, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));
    }

    private static CommandResponse Table(RouterProtocol.Workers workers) => workers.Reports.IsEmpty
        ? new CommandResponse("There are no workers.")
        : ConsoleTable.Of(["WORKER", "ROLE", "JOBS", "PENDING TOKENS"], workers.Reports.Select(Row));

    private static string[] Row(RouterProtocol.WorkerReport report) =>
    [
        report.Worker.Value, Name(report.Role), report.Jobs.ToString(CultureInfo.InvariantCulture), report.PendingTokens.ToString(CultureInfo.InvariantCulture),
    ];

    private static CommandResponse Summary(RouterProtocol.Workers workers)
    {
        var missing = workers.MissingRole();
        var counts = Enum.GetValues<WorkerRole>().Select(role => $"{workers.Reports.Count(report => report.Role == role)} {Name(role)}");
        return new CommandResponse($"""
            serving: {(missing is { } role ? $"no, there is no {Name(role)} worker" : "yes")}
            workers: {string.Join(", ", counts)}
            generations under way: {workers.InFlight}
            """);
    }

    private static CommandResponse One(RouterProtocol.Workers workers, string name)
    {
        var report = workers.Reports.FirstOrDefault(each => each.Worker.Value == name);
        if (report is null)
            return new ErroredCommandResponse($"worker is '{name}'; expected one of {string.Join(", ", workers.Reports.Select(each => each.Worker.Value))}.");
        return new CommandResponse($"""
            worker: {report.Worker.Value}
            role: {Name(report.Role)}
            actor: {report.Actor.Path}
            jobs: {report.Jobs}
            pending tokens: {report.PendingTokens}
            """);
    }

    private static string Name(WorkerRole role) => role.ToString().ToLowerInvariant();
}
