using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;

namespace ActorInference.Gpu.Workers;

/// <summary>The jobs of a GPU worker that are traced, from when it takes them to their ends.</summary>
internal sealed class JobTraces(WorkerId worker)
{
    private readonly Dictionary<AttemptId, JobTrace> _byAttempt = [];

    public void Begin(WorkerProtocol.Run run)
    {
        if (run.Job.Trace is not null && JobTrace.Begin(run.Job, worker, run.ReceivedAt) is { } trace) _byAttempt.Add(run.Job.Attempt, trace);
    }

    /// <returns>Null if the job is not traced.</returns>
    public JobTrace? Find(AttemptId attempt) => _byAttempt.Count == 0 ? null : _byAttempt.GetValueOrDefault(attempt);

    public void End(AttemptId attempt)
    {
        if (_byAttempt.Count > 0 && _byAttempt.Remove(attempt, out var trace)) trace.End();
    }

    public void Fail(AttemptId attempt, string type, string reason)
    {
        if (_byAttempt.Count > 0 && _byAttempt.Remove(attempt, out var trace)) trace.Fail(type, reason);
    }

    public void FailAll(string reason)
    {
        foreach (var trace in _byAttempt.Values) trace.Fail("worker_failed", reason);
        _byAttempt.Clear();
    }
}
