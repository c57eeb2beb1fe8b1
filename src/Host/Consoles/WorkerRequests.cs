using ActorInference.Actors.Protocols;
using ActorInference.Host.Management;
using Akka.Actor;
using Petabridge.Cmd;

namespace ActorInference.Host.Consoles;

/// <summary>Asks one worker, found by the name that the router knows it by, for something.</summary>
internal static class WorkerRequests
{
    /// <param name="system">Of the node with the router.</param>
    /// <param name="name">The worker's; a name without its node is enough if it is the only one.</param>
    /// <param name="request">The message.</param>
    /// <param name="timeout">For its answer.</param>
    /// <param name="tell">What to say about it.</param>
    /// <typeparam name="T">The answer.</typeparam>
    public static async Task<CommandResponse> AskWorkerAsync<T>(this ActorSystem system, string name, object request, TimeSpan timeout, Func<T, string> tell)
    {
        var workers = await system.WorkersAsync();
        if (workers.Find(name) is not { } report) return NotFound(workers, name);
        try
        {
            return new CommandResponse(tell(await report.Actor.Ask<T>(request, timeout)));
        }
        catch (AskTimeoutException)
        {
            return new ErroredCommandResponse($"{report.Worker} did not answer within {timeout.TotalSeconds:0} s.");
        }
    }

    /// <returns>Null if no worker, or more than one, is meant.</returns>
    public static RouterProtocol.WorkerReport? Find(this RouterProtocol.Workers workers, string name)
    {
        if (workers.Reports.FirstOrDefault(each => each.Worker.Value == name) is { } exact) return exact;
        var meant = workers.Reports.Where(each => each.Worker.Value.StartsWith(name + "@", StringComparison.Ordinal)).ToList();
        return meant is [var only] ? only : null;
    }

    public static ErroredCommandResponse NotFound(RouterProtocol.Workers workers, string? name) => workers.Reports.IsEmpty
        ? new ErroredCommandResponse($"worker is '{name}'; there are no workers.")
        : new ErroredCommandResponse($"worker is '{name}'; expected one of {string.Join(", ", workers.Reports.Select(each => each.Worker.Value))}.");
}
