using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Roles.Router;

/// <summary>
/// The workers that a router knows and the attempts that it gave them. A worker's load is what it last reported, or what
/// this router has given it since, whichever is more: a report is always a moment old.
/// </summary>
public sealed class WorkerTable(TimeSpan silence)
{
    private readonly Dictionary<WorkerId, Worker> _workers = [];
    private readonly Dictionary<AttemptId, Assignment> _assignments = [];
    private long _turn;

    private sealed class Worker(WorkerId id, WorkerRole role)
    {
        public WorkerId Id { get; } = id;

        public WorkerRole Role { get; } = role;

        public required IActorRef Actor { get; set; }

        public RouterProtocol.WorkerReport Report { get; set; } = null!;

        public TimeSpan ReportedAt { get; set; }

        public int GivenJobs { get; set; }

        public long GivenTokens { get; set; }

        /// <summary>When it was last chosen, so that equals take turns.</summary>
        public long Turn { get; set; }

        public int Jobs => Math.Max(GivenJobs, Report.Jobs);

        public long Tokens => Math.Max(GivenTokens, Report.PendingTokens);
    }

    private sealed record Assignment(Worker Prefill, Worker Decode, int Tokens);

    /// <summary>Attempts that have workers.</summary>
    public int Assigned => _assignments.Count;

    public int WorkerCount => _workers.Count;

    /// <summary>Takes in a report.</summary>
    /// <returns>The actor that the worker had before, if it has another one now.</returns>
    public IActorRef? Apply(RouterProtocol.WorkerReport report, TimeSpan now)
    {
        IActorRef? replaced = null;
        if (!_workers.TryGetValue(report.Worker, out var worker) || worker.Role != report.Role)
        {
            worker = new Worker(report.Worker, report.Role) { Actor = report.Actor };
            _workers[report.Worker] = worker;
        }
        else if (!worker.Actor.Equals(report.Actor))
        {
            replaced = worker.Actor;
            worker.Actor = report.Actor;
        }

        (worker.Report, worker.ReportedAt) = (report, now);
        return replaced;
    }

    /// <summary>Forgets the worker that has this actor.</summary>
    public bool Remove(IActorRef actor) =>
        _workers.Values.FirstOrDefault(worker => worker.Actor.Equals(actor)) is { } gone && _workers.Remove(gone.Id);

    /// <summary>Forgets the workers that have been silent too long.</summary>
    /// <returns>Each with its actor and the attempts that it has from here.</returns>
    public IReadOnlyList<(WorkerId Worker, IActorRef Actor, IReadOnlySet<AttemptId> Attempts)> RemoveSilent(TimeSpan now)
    {
        var silent = _workers.Values.Where(worker => !IsHeard(worker, now)).ToList();
        foreach (var worker in silent) _workers.Remove(worker.Id);
        return [.. silent.Select(worker => (worker.Id, worker.Actor, AttemptsOf(worker)))];
    }

    /// <summary>Whether there is a worker of the role that reports.</summary>
    public bool Has(WorkerRole role, TimeSpan now) => Candidates(role, now).Any();

    /// <summary>The last report of each worker that reports, in the order of their names.</summary>
    public ImmutableArray<RouterProtocol.WorkerReport> Reports(TimeSpan now) =>
        [.. _workers.Values.Where(worker => IsHeard(worker, now)).Select(worker => worker.Report).OrderBy(report => report.Worker.Value, StringComparer.Ordinal)];

    /// <summary>Chooses the least busy pair and counts the attempt to it.</summary>
    /// <returns>Null if a role has no worker, or none that is not excluded.</returns>
    public RouterProtocol.Assigned? TryAssign(RouterProtocol.Assign request, TimeSpan now)
    {
        var prefill = Choose(WorkerRole.Prefill, request, now, worker => worker.Tokens);
        var decode = Choose(WorkerRole.Decode, request, now, worker => worker.Jobs);
        if (prefill is null || decode is null) return null;
        Release(request.Attempt);
        _assignments.Add(request.Attempt, new Assignment(prefill, decode, request.Tokens));
        Give(prefill, request.Tokens);
        Give(decode, request.Tokens);
        return new RouterProtocol.Assigned(
            request.Attempt,
            new RouterProtocol.AssignedWorker(prefill.Id, prefill.Actor),
            new RouterProtocol.AssignedWorker(decode.Id, decode.Actor));
    }

    /// <returns>Whether the attempt had workers.</returns>
    public bool Release(AttemptId attempt)
    {
        if (!_assignments.Remove(attempt, out var assignment)) return false;
        TakeBack(assignment.Prefill, assignment.Tokens);
        TakeBack(assignment.Decode, assignment.Tokens);
        return true;
    }

    private IReadOnlySet<AttemptId> AttemptsOf(Worker worker) =>
        _assignments.Where(pair => pair.Value.Prefill == worker || pair.Value.Decode == worker).Select(pair => pair.Key).ToHashSet();

    private IEnumerable<Worker> Candidates(WorkerRole role, TimeSpan now) =>
        _workers.Values.Where(worker => worker.Role == role && IsHeard(worker, now));

    private bool IsHeard(Worker worker, TimeSpan now) => now - worker.ReportedAt <= silence;

    private Worker? Choose(WorkerRole role, RouterProtocol.Assign request, TimeSpan now, Func<Worker, long> load) =>
        Candidates(role, now)
            .Where(worker => !request.Exclude.Contains(worker.Id))
            .OrderBy(worker => request.Avoid.Contains(worker.Id))
            .ThenBy(load)
            .ThenBy(worker => worker.Jobs)
            .ThenBy(worker => worker.Turn)
            .FirstOrDefault();

    private void Give(Worker worker, int tokens)
    {
        worker.GivenJobs++;
        worker.GivenTokens += tokens;
        worker.Turn = ++_turn;
    }

    private static void TakeBack(Worker worker, int tokens)
    {
        worker.GivenJobs--;
        worker.GivenTokens -= tokens;
    }
}
