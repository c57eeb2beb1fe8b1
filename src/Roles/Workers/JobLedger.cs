using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Roles.Workers;

/// <summary>The jobs that a role actor answers for, in the order in which they came.</summary>
public sealed class JobLedger
{
    private readonly OrderedDictionary<AttemptId, Entry> _jobs = [];
    private readonly Dictionary<IActorRef, int> _jobsOfGeneration = [];

    private sealed class Entry(IWorkerJob job)
    {
        /// <summary>For the job's spans, if it is traced.</summary>
        public DateTime? ReceivedAt { get; } = job.Trace is null ? null : DateTime.UtcNow;

        public IWorkerJob Job { get; set; } = job;

        public bool HasBegun { get; set; }
    }

    public int Count => _jobs.Count;

    /// <summary>Prompt and output tokens of all jobs that have not begun.</summary>
    public long PendingTokens { get; private set; }

    /// <returns>False if the attempt has a job already.</returns>
    public bool TryAdd(IWorkerJob job)
    {
        if (!_jobs.TryAdd(job.Attempt, new Entry(job))) return false;
        _jobsOfGeneration[job.ReplyTo] = JobsOf(job.ReplyTo) + 1;
        PendingTokens += Tokens(job);
        return true;
    }

    public int JobsOf(IActorRef generation) => _jobsOfGeneration.GetValueOrDefault(generation);

    /// <summary>When a job came that is traced, UTC; null for others.</summary>
    public DateTime? ReceivedAt(AttemptId attempt) => _jobs.TryGetValue(attempt, out var entry) ? entry.ReceivedAt : null;

    /// <summary>Others know of the job's pages or tokens from now on.</summary>
    public void MarkBegun(AttemptId attempt)
    {
        if (!_jobs.TryGetValue(attempt, out var entry) || entry.HasBegun) return;
        entry.HasBegun = true;
        PendingTokens -= Tokens(entry.Job);
    }

    /// <summary>Notes where the pages of a prefill job go.</summary>
    /// <returns>False if there is no such job.</returns>
    public bool TryAddress(PrefillProtocol.Deliver deliver)
    {
        if (!_jobs.TryGetValue(deliver.Attempt, out var entry) || entry.Job is not PrefillProtocol.Start start) return false;
        entry.Job = start with { PageTarget = deliver.PageTarget, CachedPages = deliver.CachedPages };
        return true;
    }

    /// <returns>The job, or null if there is none.</returns>
    public IWorkerJob? Remove(AttemptId attempt)
    {
        if (!_jobs.Remove(attempt, out var entry)) return null;
        if (!entry.HasBegun) PendingTokens -= Tokens(entry.Job);
        var generation = entry.Job.ReplyTo;
        if (JobsOf(generation) <= 1) _jobsOfGeneration.Remove(generation);
        else _jobsOfGeneration[generation]--;
        return entry.Job;
    }

    /// <summary>Jobs that can be given to another start of the worker as if nothing had been.</summary>
    public IReadOnlyList<IWorkerJob> NotBegun() => [.. _jobs.Values.Where(entry => !entry.HasBegun).Select(entry => entry.Job)];

    public IReadOnlyList<IWorkerJob> Begun() => [.. _jobs.Values.Where(entry => entry.HasBegun).Select(entry => entry.Job)];

    public IReadOnlyList<IWorkerJob> Of(IActorRef generation) =>
        [.. _jobs.Values.Where(entry => entry.Job.ReplyTo.Equals(generation)).Select(entry => entry.Job)];

    public IReadOnlyList<IWorkerJob> All() => [.. _jobs.Values.Select(entry => entry.Job)];

    private static int Tokens(IWorkerJob job) => job.PromptIds.Length + job.OutputIds.Length;
}
