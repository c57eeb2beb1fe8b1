using ActorInference.Actors.Ids;

namespace ActorInference.Gpu.Workers;

/// <summary>What a worker tells itself.</summary>
public sealed partial class GpuWorkerActor
{
    private sealed record Step
    {
        public static readonly Step Instance = new();
    }

    private sealed record Prepare
    {
        public static readonly Prepare Instance = new();
    }

    private sealed record GiveSigns
    {
        public static readonly GiveSigns Instance = new();
    }

    private sealed record MayBegin
    {
        public static readonly MayBegin Instance = new();
    }

    /// <summary>A part of the runner is gone, and with it the runner.</summary>
    private sealed record PartLost(Guid Incarnation, Exception Reason);

    /// <summary>It is no longer worth waiting for the pages of a job.</summary>
    private sealed record Prefetched(AttemptId Attempt);

    private sealed record Sweep
    {
        public static readonly Sweep Instance = new();
    }
}
