using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Gpu.Workers;

/// <summary>Jobs come here, and wait for their pages from the storage tier before the engine has them.</summary>
public sealed partial class GpuWorkerActor
{
    private void Take(WorkerProtocol.Run run)
    {
        var job = run.Job;
        if (run.Incarnation != _incarnation || _jobs.Has(job.Attempt) || _ahead.Has(job.Attempt) || _fetching.ContainsKey(job.Attempt)) return;
        _traces.Begin(run);
        if (job.Sampling.Constraint is { } constraint && !_constraints.IsReady(constraint)) AwaitConstraint(job, constraint);
        else Fetch(job);
    }

    private void Fetch(IWorkerJob job)
    {
        if (job is not DecodeProtocol.Reserve && Prefetch(job) is { } arrival)
        {
            _fetching.Add(job.Attempt, job);
            _traces.Find(job.Attempt)?.BeginPrefetch();
            arrival.PipeTo(Self, Self, () => new Prefetched(job.Attempt));
            return;
        }

        Add(job);
    }

    private Task? Prefetch(IWorkerJob job)
    {
        if (_options.Prefetch is not { } prefetch) return null;
        var space = _spaces.Of(job.CacheSalt);
        return prefetch.Begin(space, job.PromptIds.AsMemory(), _engine.CachedTokens(space, job.PromptIds.AsSpan()), _engine.SecondsPerPromptToken);
    }

    private void Fetched(AttemptId attempt)
    {
        if (!_fetching.Remove(attempt, out var job)) return;
        _traces.Find(attempt)?.EndPrefetch();
        Add(job);
    }
}
