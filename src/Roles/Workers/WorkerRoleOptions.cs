using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using Akka.Actor;

namespace ActorInference.Roles.Workers;

/// <summary>What a prefill or decode actor works with.</summary>
public sealed record WorkerRoleOptions
{
    public required WorkerId Worker { get; init; }

    /// <summary>Makes the GPU worker under it.</summary>
    public required Props GpuWorker { get; init; }

    /// <summary>Told of the worker's load.</summary>
    public required IActorRef Router { get; init; }

    /// <summary>Of the pages that it exchanges with other processes; null if it exchanges none.</summary>
    public KvTransferFormat? Format { get; init; }

    /// <summary>Jobs, waiting or at work, beyond which others are refused; at least 1.</summary>
    public int MaxJobs { get; init; } = 256;

    /// <summary>Between two reports of the load.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromMilliseconds(500);
}
