using ActorInference.Actors.Protocols;
using ActorInference.Roles.Composition;
using Akka.Actor;

namespace ActorInference.Host.Composition;

/// <summary>Whether the workers of a process have their buffers and take jobs.</summary>
public static class WorkersReady
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until all of them do.</summary>
    /// <param name="system">Of the process.</param>
    /// <param name="node">Its workers; one without any is ready at once.</param>
    /// <param name="stop">Ends the wait.</param>
    public static async Task WaitAsync(ActorSystem system, InferenceNode node, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(AskAgain);
        foreach (var (role, count) in node.Workers())
        {
            for (var ordinal = 0; ordinal < count; ordinal++)
            {
                var worker = system.ActorSelection($"/user/{InferenceNode.NameOf(role, ordinal)}");
                while (!await IsReadyAsync(worker, stop)) await timer.WaitForNextTickAsync(stop);
            }
        }
    }

    private static async Task<bool> IsReadyAsync(ActorSelection worker, CancellationToken stop)
    {
        try
        {
            var status = await worker.Ask<WorkerProtocol.Status>(WorkerProtocol.GetStatus.Instance, AnswerDeadline, stop);
            return status.IsReady;
        }
        catch (AskTimeoutException)
        {
            return false;   // It begins again, and answers then.
        }
    }
}
