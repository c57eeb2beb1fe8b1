using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Workers;

/// <summary>
/// What others may see of a GPU worker while it computes, which can be too long for it to answer: whether its device still
/// works on a step, and its pages. Written by the worker's thread, read by any.
/// </summary>
public sealed class WorkerPulse(TimeProvider time)
{
    private const long NoStep = long.MinValue;

    private long _stepBegan = NoStep;
    private int _heldPages;
    private int _cachedPages;
    private double _secondsPerPromptToken;
    private volatile KvPagePool? _pool;

    /// <summary>With the system's time.</summary>
    public WorkerPulse()
        : this(TimeProvider.System)
    {
    }

    /// <summary>How long the present step has lasted; null between steps.</summary>
    public TimeSpan? StepAge => Volatile.Read(ref _stepBegan) is var began && began == NoStep ? null : time.GetElapsedTime(began);

    /// <summary>Pages that jobs and transfers hold; one that several share counts for each.</summary>
    public int HeldPages => Volatile.Read(ref _heldPages);

    /// <summary>Pages that the prefix cache holds.</summary>
    public int CachedPages => Volatile.Read(ref _cachedPages);

    /// <summary>What computing a token of a prompt takes, lately; 0 before the first.</summary>
    public double SecondsPerPromptToken => Volatile.Read(ref _secondsPerPromptToken);

    /// <summary>Pages of the pool that somebody holds; 0 before the worker has one.</summary>
    public int UsedPages => _pool?.UsedPages ?? 0;

    public int CapacityPages => _pool?.CapacityPages ?? 0;

    internal void Attach(KvPagePool pool) => _pool = pool;

    internal void BeginStep() => Volatile.Write(ref _stepBegan, time.GetTimestamp());

    internal void EndStep(double secondsPerPromptToken)
    {
        Volatile.Write(ref _secondsPerPromptToken, secondsPerPromptToken);
        Volatile.Write(ref _stepBegan, NoStep);
    }

    internal void SetPages(int held, int cached)
    {
        Volatile.Write(ref _heldPages, held);
        Volatile.Write(ref _cachedPages, cached);
    }
}
