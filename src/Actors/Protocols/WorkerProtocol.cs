using ActorInference.Actors.Ids;
using Akka.Actor;

namespace ActorInference.Actors.Protocols;

/// <summary>Between a role actor and everybody who gives it jobs, and between it and the GPU worker under it.</summary>
public static class WorkerProtocol
{
    /// <summary>Drop an attempt's job, wherever it is. Unknown ones are ignored: it may have ended by itself.</summary>
    public sealed record Cancel(AttemptId Attempt) : IWireMessage;

    /// <summary>From a GPU worker that has begun, or begun again, and takes jobs.</summary>
    /// <param name="Incarnation">New with every start. Jobs name it, so that one meant for an earlier start is not run twice.</param>
    /// <param name="MaxSequenceTokens">Tokens, prompt and output, that one sequence may have.</param>
    public sealed record Ready(Guid Incarnation, int MaxSequenceTokens);

    /// <summary>From a GPU worker that has failed and will begin again: what it had begun is lost, what it is given now waits for <see cref="Ready"/>.</summary>
    /// <param name="Incarnation">The one that has failed.</param>
    public sealed record BeginsAgain(Guid Incarnation);

    /// <summary>A job for the GPU worker.</summary>
    public sealed record Run(Guid Incarnation, IWorkerJob Job)
    {
        /// <summary>When the role actor got it, UTC; null if it is not traced, or just now.</summary>
        public DateTime? ReceivedAt { get; init; }
    }

    /// <summary>From the GPU worker: others know of the job's pages or tokens now, so it can't be started afresh.</summary>
    public sealed record Began(AttemptId Attempt);

    /// <summary>From the GPU worker: the job is over, in whatever way.</summary>
    public sealed record Ended(AttemptId Attempt);

    /// <summary>From the role actor to the GPU worker: a process is gone, and nothing that was sent there will be answered.</summary>
    public sealed record PeerLost(Address Peer);

    /// <summary>Serve another role from now on; what was begun is finished. Answered by <see cref="RoleSet"/>.</summary>
    public sealed record SetRole(WorkerRole Role) : IWireMessage;

    /// <param name="Role">What the worker serves now.</param>
    /// <param name="Before">What it served before.</param>
    public sealed record RoleSet(WorkerId Worker, WorkerRole Role, WorkerRole Before) : IWireMessage;

    /// <summary>
    /// Take no more jobs, finish those that there are, and give up those that are left after a grace time: their generations go on
    /// elsewhere. Answered by <see cref="Drained"/> when there are none, or by <see cref="Resumed"/>.
    /// </summary>
    /// <param name="Grace">At least zero.</param>
    public sealed record Drain(TimeSpan Grace) : IWireMessage;

    /// <param name="HandedOver">Jobs that did not end in time.</param>
    public sealed record Drained(WorkerId Worker, int HandedOver) : IWireMessage;

    /// <summary>Take jobs again after a <see cref="Drain"/>. Answered by <see cref="Resumed"/>.</summary>
    public sealed record Resume : IWireMessage
    {
        public static readonly Resume Instance = new();
    }

    public sealed record Resumed(WorkerId Worker) : IWireMessage;

    /// <summary>Forget cached pages, on the device and in host memory. Answered when done.</summary>
    public sealed record FlushCache : IWireMessage
    {
        public static readonly FlushCache Instance = new();
    }

    public sealed record CacheFlushed : IWireMessage
    {
        public static readonly CacheFlushed Instance = new();
    }

    /// <summary>Ask the storage tier for pages from now on and write them to it, or neither. Answered by <see cref="StorageSet"/>.</summary>
    public sealed record SetStorage(bool IsAttached) : IWireMessage;

    /// <param name="IsKnown">Whether the worker's process knows of a storage tier, and has host memory to bring its pages to.</param>
    /// <param name="IsAttached">Whether it is used now.</param>
    public sealed record StorageSet(WorkerId Worker, bool IsKnown, bool IsAttached) : IWireMessage;

    /// <summary>Asks a role actor how it is.</summary>
    public sealed record GetStatus : IWireMessage
    {
        public static readonly GetStatus Instance = new();
    }

    /// <param name="Worker">Which.</param>
    /// <param name="Role">What it does.</param>
    /// <param name="IsReady">Whether its GPU worker takes jobs.</param>
    /// <param name="Jobs">Jobs that it has, waiting or at work.</param>
    /// <param name="Restarts">How often its GPU worker began again.</param>
    public sealed record Status(WorkerId Worker, WorkerRole Role, bool IsReady, int Jobs, int Restarts, IActorRef GpuWorker)
        : IWireMessage;
}
