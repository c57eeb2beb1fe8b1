using ActorInference.Actors.Protocols;
using ActorInference.Host.Management;
using Akka.Actor;
using Petabridge.Cmd;

namespace ActorInference.Host.Consoles;

/// <summary>Has the workers of the cluster use the storage tier, or go on without it.</summary>
internal static class StorageAttachment
{
    /// <summary>For a worker to end its step and answer.</summary>
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(20);

    /// <returns>A row for each worker; an error if any has not done it.</returns>
    public static async Task<CommandResponse> SetAsync(ActorSystem system, bool isAttached)
    {
        var workers = await system.WorkersAsync();
        if (workers.Reports.IsEmpty) return new ErroredCommandResponse("There are no workers.");
        var answers = await Task.WhenAll(workers.Reports.Select(async report => (report.Worker, Set: await AskAsync(report.Actor, isAttached))));
        var undone = answers.Where(answer => answer.Set is not { IsKnown: true } set || set.IsAttached != isAttached).ToList();
        if (undone.Count == 0)
            return ConsoleTable.Of(["WORKER", "STORAGE TIER"], answers.Select(answer => new[] { answer.Worker.Value, isAttached ? "attached" : "detached" }));
        return new ErroredCommandResponse(string.Join('\n', undone.Select(answer => answer.Set is null
            ? $"{answer.Worker} did not answer within {AnswerDeadline.TotalSeconds:0} s."
            : $"{answer.Worker} knows of no storage tier; expected a cluster with cache-master, and actor-inference.cache.l2 above 0 there.")));
    }

    private static async Task<WorkerProtocol.StorageSet?> AskAsync(IActorRef worker, bool isAttached)
    {
        try
        {
            return await worker.Ask<WorkerProtocol.StorageSet>(new WorkerProtocol.SetStorage(isAttached), AnswerDeadline);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
