using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Gpu.Workers;

/// <summary>
/// Begins to bring the pages of a job when it is queued for a GPU worker in the middle of a step, and not only when that takes it: they
/// come while the step computes. One caller at a time.
/// </summary>
/// <remarks>
/// What the device has is not known then; the second tier is taken to have that too, as it does where pages are written through. The
/// worker asks once more when it takes the job, and waits for what is under way.
/// </remarks>
/// <param name="prefetch">Brings them.</param>
/// <param name="common"><see cref="GpuWorkerOptions.Namespace"/> of the worker.</param>
/// <param name="pulse">The worker's.</param>
public sealed class QueuedPrefetch(IPagePrefetch prefetch, KvNamespace common, WorkerPulse pulse)
{
    private readonly SaltedNamespaces _spaces = new(common, onNew: null);

    /// <summary>To be told of a job before the worker is given it.</summary>
    public void Queue(IWorkerJob job)
    {
        // A worker that does not compute takes it at once; the pages of one that waits for its prompt's are sent.
        if (pulse.StepAge is null || job is DecodeProtocol.Reserve) return;
        prefetch.Begin(_spaces.Of(job.CacheSalt), job.PromptIds.AsMemory(), cachedTokens: 0, pulse.SecondsPerPromptToken);
    }
}
