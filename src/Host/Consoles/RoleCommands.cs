using ActorInference.Actors.Protocols;
using ActorInference.Host.Management;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>role</c>: how many workers serve which role, and having one serve another.</summary>
internal static class RoleCommands
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(10);

    private static readonly string Roles = string.Join(", ", Enum.GetValues<WorkerRole>().Select(role => role.Name()));

    private static readonly CommandDefinition List = new CommandDefinitionBuilder()
        .WithName("list").WithDescription("The workers of each role.")
        .Build();

    private static readonly CommandDefinition Set = new CommandDefinitionBuilder()
        .WithName("set").WithDescription("Has a worker serve another role from now on; what it has begun it finishes.")
        .WithArgument(argument => argument.WithName("worker").WithSwitch("-w").WithSwitch("--worker").IsMandatory(true).WithDescription("Name of a worker, such as prefill-0."))
        .WithArgument(argument => argument.WithName("role").WithSwitch("-r").WithSwitch("--role").IsMandatory(true).WithDescription("prefill, decode or both."))
        .Build();

    private static readonly CommandPalette RolePalette = new("role", new[] { List, Set });

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly CommandPaletteHandler Instance = new Palette<Handler>(RolePalette);

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(RolePalette)
        {
            Process(List.Name, (_, _) => Answer(TableAsync(Context.System)));
            Process(Set.Name, (_, arguments) => Answer(SetAsync(
                Context.System, arguments.Value("worker") ?? "", arguments.Value("role"))));
        }

        private void Answer(Task<CommandResponse> answer) =>
            answer.PipeTo(Sender, Self, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));
    }

    private static async Task<CommandResponse> SetAsync(ActorSystem system, string worker, string? text) => WorkerRoles.TryParse(text) is { } role
        ? await system.AskWorkerAsync<WorkerProtocol.RoleSet>(worker, new WorkerProtocol.SetRole(role), AnswerDeadline, Tell)
        : new ErroredCommandResponse($"role is '{text}'; expected one of {Roles}.");

    private static string Tell(WorkerProtocol.RoleSet set) => set.Before == set.Role
        ? $"{set.Worker} serves {set.Role.Name()} already."
        : $"{set.Worker} serves {set.Role.Name()} from now on; before it served {set.Before.Name()}.";

    private static async Task<CommandResponse> TableAsync(ActorSystem system)
    {
        var workers = await system.WorkersAsync();
        List<string[]> rows = [];
        foreach (var role in Enum.GetValues<WorkerRole>())
        {
            var names = workers.Reports.Where(report => report.Role == role).Select(report => report.Worker.Value).ToList();
            rows.Add([role.Name(), $"{names.Count}", string.Join(", ", names)]);
        }

        return ConsoleTable.Of(["ROLE", "WORKERS", "NAMES"], rows);
    }
}
