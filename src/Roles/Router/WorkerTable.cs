using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
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

    private sealed class Worker(WorkerId id)
    {
        public WorkerId Id { get; } = id;

        public WorkerRole Role => Report.Role;

        public required IActorRef Actor { get; set; }

        public RouterProtocol.WorkerReport Report { get; set; } = null!;

        public TimeSpan ReportedAt { get; set; }

        public int GivenJobs { get; set; }

        public long GivenTokens { get; set; }

        /// <summary>When it was last chosen, so that equals take turns.</summary>
        public long Turn { get; set; }

        public int Jobs => Math.Max(GivenJobs, Report.Jobs);

        public long Tokens => Math.Max(GivenTokens, Report.PendingTokens);

        public bool IsCompatibleWith(Worker other) => Difference(other) is null;

        /// <summary>What stands between the two; null if pages can go from one to the other.</summary>
        public string? Difference(Worker other) => Report.Protocol == other.Report.Protocol
            ? KvCompatibility.Explain(Report.Format, other.Report.Format)
            : $"messages of version {Report.Protocol} and {other.Report.Protocol}";
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
        if (!_workers.TryGetValue(report.Worker, out var worker))
        {
            worker = new Worker(report.Worker) { Actor = report.Actor };
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
    public IReadOnlyList<(WorkerId Worker, IActorRef Actor, IReadOnlySet<AttemptId> Attempts)> RemoveSilent(TimeSpan now) =>
        RemoveWhere(worker => !IsHeard(worker, now));

    /// <summary>Forgets the workers of a process that cannot be reached.</summary>
    /// <inheritdoc cref="RemoveSilent"/>
    public IReadOnlyList<(WorkerId Worker, IActorRef Actor, IReadOnlySet<AttemptId> Attempts)> RemoveAt(Address process) =>
        RemoveWhere(worker => worker.Actor.Path.Address.Equals(process));

    /// <summary>Whether there are workers for both halves of a generation that understand each other.</summary>
    public bool IsServing(TimeSpan now) =>
        Candidates(WorkerRole.Prefill, now).Any(prefill => Candidates(WorkerRole.Decode, now).Any(prefill.IsCompatibleWith));

    /// <summary>Why workers for both halves do not make a pair; null if some do, or there are none.</summary>
    public string? Mismatch(TimeSpan now)
    {
        var (prefill, decode) = (Candidates(WorkerRole.Prefill, now).FirstOrDefault(), Candidates(WorkerRole.Decode, now).FirstOrDefault());
        return prefill is null || decode is null || IsServing(now) ? null : $"No workers can be paired: between {prefill.Id} and {decode.Id} stands: {prefill.Difference(decode)}.";
    }

    /// <summary>The last report of each worker that reports, in the order of their names.</summary>
    public ImmutableArray<RouterProtocol.WorkerReport> Reports(TimeSpan now) =>
        [.. _workers.Values.Where(worker => IsHeard(worker, now)).Select(worker => worker.Report).OrderBy(report => report.Worker.Value, StringComparer.Ordinal)];

    /// <summary>
    /// Chooses the least busy pair whose pages are alike, and counts the attempt to it. A worker of both roles that is chosen for
    /// the prompt generates, too: then no page travels.
    /// </summary>
    /// <returns>Null if there is no such pair that is not excluded.</returns>
    public RouterProtocol.Assigned? TryAssign(RouterProtocol.Assign request, TimeSpan now)
    {
        foreach (var prefill in InOrder(WorkerRole.Prefill, request, now, worker => worker.Tokens))
        {
            var decode = prefill.Role == WorkerRole.Both
                ? prefill
                : InOrder(WorkerRole.Decode, request, now, worker => worker.Jobs).FirstOrDefault(prefill.IsCompatibleWith);
            if (decode is not null) return Assign(request, prefill, decode);
        }

        return null;
    }

    private RouterProtocol.Assigned Assign(RouterProtocol.Assign request, Worker prefill, Worker decode)
    {
        Release(request.Attempt);
        _assignments.Add(request.Attempt, new Assignment(prefill, decode, request.Tokens));
        Give(prefill, request.Tokens);
        if (decode != prefill) Give(decode, request.Tokens);
        return new RouterProtocol.Assigned(request.Attempt, Describe(prefill), Describe(decode));
    }

    private static RouterProtocol.AssignedWorker Describe(Worker worker) => new(worker.Id, worker.Actor) { Protocol = worker.Report.Protocol };

    /// <returns>Whether the attempt had workers.</returns>
    public bool Release(AttemptId attempt)
    {
        if (!_assignments.Remove(attempt, out var assignment)) return false;
        TakeBack(assignment.Prefill, assignment.Tokens);
        if (assignment.Decode != assignment.Prefill) TakeBack(assignment.Decode, assignment.Tokens);
        return true;
    }

    private IReadOnlyList<(WorkerId Worker, IActorRef Actor, IReadOnlySet<AttemptId> Attempts)> RemoveWhere(Func<Worker, bool> condition)
    {
        var gone = _workers.Values.Where(condition).ToList();
        foreach (var worker in gone) _workers.Remove(worker.Id);
        return [.. gone.Select(worker => (worker.Id, worker.Actor, AttemptsOf(worker)))];
    }

    private IReadOnlySet<AttemptId> AttemptsOf(Worker worker) =>
        _assignments.Where(pair => pair.Value.Prefill == worker || pair.Value.Decode == worker).Select(pair => pair.Key).ToHashSet();

    private IEnumerable<Worker> Candidates(WorkerRole role, TimeSpan now) =>
        _workers.Values.Where(worker => worker.Role.Serves(role) && !worker.Report.Draining && IsHeard(worker, now));

    private bool IsHeard(Worker worker, TimeSpan now) => now - worker.ReportedAt <= silence;

    private IEnumerable<Worker> InOrder(WorkerRole role, RouterProtocol.Assign request, TimeSpan now, Func<Worker, long> load) =>
        Candidates(role, now)
            .Where(worker => !request.Exclude.Contains(worker.Id))
            .OrderBy(worker => request.Avoid.Contains(worker.Id))
            .ThenBy(load)
            .ThenBy(worker => worker.Jobs)
            .ThenBy(worker => worker.Turn);

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
