using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Workers;
using Akka.Actor;

namespace ActorInference.Roles.Workers;

/// <summary>What a <see cref="WorkerActor"/> works with.</summary>
public sealed record WorkerRoleOptions
{
    public required WorkerId Worker { get; init; }

    /// <summary>What it serves at first.</summary>
    public required WorkerRole Role { get; init; }

    /// <summary>Makes the GPU worker under it.</summary>
    public required Props GpuWorker { get; init; }

    /// <summary>Makes the <see cref="RehearsalActor"/>, before whose end nobody is told of the worker; null for none.</summary>
    public Props? Rehearsal { get; init; }

    /// <summary>Told of the worker's load.</summary>
    public required IActorRef Router { get; init; }

    /// <summary>Of the pages that it exchanges with other processes; null if it exchanges none.</summary>
    public KvTransferFormat? Format { get; init; }

    /// <summary>Brings pages of jobs while the GPU worker is busy; null if only that does.</summary>
    public QueuedPrefetch? Prefetch { get; init; }

    /// <summary>Jobs, waiting or at work, beyond which others are refused; at least 1.</summary>
    public int MaxJobs { get; init; } = 256;

    /// <summary>Between two reports of the load.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What its prefix cache has, for routers; null if they are not told.</summary>
    public PrefixJournal? Prefixes { get; init; }

    /// <summary>What the GPU worker shows of itself.</summary>
    public WorkerPulse Pulse { get; init; } = new();

    /// <summary>A step of the GPU worker that lasts longer counts as a hang: its jobs give no more signs of life.</summary>
    public TimeSpan StepDeadline { get; init; } = TimeSpan.FromSeconds(30);
}
