using System.Diagnostics.CodeAnalysis;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Workers;

/// <summary>A job and its sequence in the engine.</summary>
internal sealed record ActiveJob(IWorkerJob Job, SequenceId Sequence)
{
    /// <summary>Known once the sequence has started.</summary>
    public int? CachedTokens { get; set; }

    /// <summary>Whether anything was computed for it that is right.</summary>
    public bool HasComputed { get; set; }

    /// <summary>Of the cached tokens, those from beyond the device's pool.</summary>
    public TierTokens Tiers { get; set; }

    /// <summary>Tokens of the output so far.</summary>
    public int OutputTokens { get; set; } = Job.OutputIds.Length;

    /// <summary>Null if it is not traced.</summary>
    public JobTrace? Trace { get; init; }

    /// <summary>Of a prefill job.</summary>
    public PageOutbox? Outbox { get; init; }

    /// <summary>Whether the sequence is gone from the engine, and only its pages wait for somebody to take them.</summary>
    public bool AwaitsTarget => Outbox is { IsComplete: true, Target: null };
}

/// <summary>The jobs in an engine, by their attempt and by their sequence.</summary>
internal sealed class JobTable
{
    private readonly Dictionary<AttemptId, ActiveJob> _byAttempt = [];
    private readonly Dictionary<SequenceId, ActiveJob> _bySequence = [];

    public int Count => _byAttempt.Count;

    public IEnumerable<ActiveJob> All => _byAttempt.Values;

    public bool Has(AttemptId attempt) => _byAttempt.ContainsKey(attempt);

    public bool TryGet(AttemptId attempt, [NotNullWhen(true)] out ActiveJob? job) => _byAttempt.TryGetValue(attempt, out job);

    public ActiveJob this[SequenceId sequence] => _bySequence[sequence];

    public void Add(ActiveJob job)
    {
        _byAttempt.Add(job.Job.Attempt, job);
        _bySequence.Add(job.Sequence, job);
    }

    public void Remove(ActiveJob job)
    {
        _byAttempt.Remove(job.Job.Attempt);
        _bySequence.Remove(job.Sequence);
    }
}
