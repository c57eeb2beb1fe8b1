using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Roles.Router;

/// <summary>
/// The workers that a router knows and the attempts that it gave them. A worker's load is what it last reported, or what
/// this router has given it since, whichever is more: a report is always a moment old. What it has cached is what it says itself
/// (<see cref="NextQuestion"/>), and what it was given lately; of one that does not say, what it was given as far as its reports leave room for that.
/// </summary>
/// <param name="silence">After which a worker gets no more work.</param>
/// <param name="prefix">How far prompts go where their beginnings are cached.</param>
public sealed class WorkerTable(TimeSpan silence, PrefixRoutingOptions prefix)
{
    /// <summary>Blocks that a worker may be taken to have besides those that it has said to have: it says so later, and of pages that are not full never.</summary>
    private const int UnconfirmedBlocks = 1024;

    private readonly PrefixIndex _index = new(prefix.CapacityBlocks);
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

        public LearnedPrefixes Learned { get; set; } = new();

        public int GivenJobs { get; set; }

        /// <summary>Those of their tokens that are not taken to be cached.</summary>
        public long GivenTokens { get; set; }

        public long GivenPromptTokens { get; set; }

        /// <summary>When it was last chosen, so that equals take turns.</summary>
        public long Turn { get; set; }

        public int Jobs => Math.Max(GivenJobs, Report.Jobs);

        public long Tokens => Math.Max(GivenTokens, Report.PendingTokens);

        public bool IsCompatibleWith(Worker other) => WorkerPairs.Difference(Report, other.Report) is null;
    }

    /// <param name="PrefillTokens">To be computed, as far as is known.</param>
    /// <param name="Tokens">Of the prompt.</param>
    private sealed record Assignment(Worker Prefill, Worker Decode, int PrefillTokens, int Tokens);

    /// <summary>Attempts that have workers.</summary>
    public int Assigned => _assignments.Count;

    public int WorkerCount => _workers.Count;

    /// <summary>Tokens of the prompts that were assigned.</summary>
    public long PromptTokens { get; private set; }

    /// <summary>Of those, the ones that the prefill worker was taken to have cached.</summary>
    public long PrefixTokens { get; private set; }

    /// <summary>Blocks of prompts of which it is known who has them.</summary>
    public int PrefixBlocks => _index.Count;

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
            (worker.Actor, worker.Learned) = (report.Actor, new LearnedPrefixes());
            _index.Forget(worker.Id);
        }

        (worker.Report, worker.ReportedAt) = (report, now);
        TrimIndex(worker);
        return replaced;
    }

    /// <summary>A worker evicts by itself, and may be told to forget all: it has no more than it reports, and what is under way.</summary>
    private void TrimIndex(Worker worker)
    {
        if (prefix.BlockTokens == 0) return;
        if (MarkOf(worker) is not null)
        {
            var blocks = worker.GivenPromptTokens / prefix.BlockTokens + Math.Max(UnconfirmedBlocks, _index.ConfirmedBy(worker.Id) / 4);
            _index.TrimUnconfirmed(worker.Id, (int)Math.Min(blocks, int.MaxValue / 2));
            return;
        }

        if (worker.Report.Format is not { } format) return;
        var tokens = (long)worker.Report.CachedPages * format.Layout.PageSizeTokens + worker.GivenPromptTokens;
        _index.Trim(worker.Id, (int)Math.Min(tokens / prefix.BlockTokens, int.MaxValue / 2));
    }

    /// <summary>What is to be asked of a worker so that it is known what it has cached.</summary>
    /// <returns>Whom to ask; null if there is nothing to ask, or the answer is still to come.</returns>
    public (IActorRef Worker, RouterProtocol.GetPrefixes Question)? NextQuestion(WorkerId id, TimeSpan now) =>
        _workers.TryGetValue(id, out var worker) && MarkOf(worker) is { } mark && worker.Learned.NextQuestion(mark, now) is { } question ? (worker.Actor, question) : null;

    /// <summary>Takes in what a worker says to have cached.</summary>
    /// <returns>Whether there is more to ask for already.</returns>
    public bool Learn(RouterProtocol.Prefixes answer)
    {
        if (!_workers.TryGetValue(answer.Worker, out var worker) || !worker.Learned.TryAccept(answer, out var isAnew)) return false;
        if (isAnew) _index.Doubt(worker.Id);
        _index.Deny(worker.Id, answer.Removed.AsSpan());
        _index.Confirm(worker.Id, answer.Added.AsSpan());
        return answer.Version < answer.Latest;
    }

    /// <summary>How far a worker's cache has changed; null if it does not say, or names other blocks than this router.</summary>
    private RouterProtocol.PrefixMark? MarkOf(Worker worker) =>
        prefix.BlockTokens > 0 && worker.Report.Prefixes is { } mark && mark.BlockTokens == prefix.BlockTokens ? mark : null;

    /// <summary>Forgets the worker that has this actor.</summary>
    public bool Remove(IActorRef actor)
    {
        if (_workers.Values.FirstOrDefault(worker => worker.Actor.Equals(actor)) is not { } gone) return false;
        _index.Forget(gone.Id);
        return _workers.Remove(gone.Id);
    }

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

    /// <inheritdoc cref="WorkerPairs.Mismatch"/>
    public string? Mismatch(TimeSpan now) => IsServing(now) ? null : WorkerPairs.Mismatch(Reports(now));

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
        var cached = request.Blocks.IsDefaultOrEmpty || prefix.BlockTokens == 0 ? PrefixHolders.Nobody : _index.Match(request.Blocks.AsSpan());
        foreach (var prefill in PrefillInOrder(request, cached, now))
        {
            var decode = prefill.Role == WorkerRole.Both ? prefill : DecodeInOrder(request, cached, now).FirstOrDefault(prefill.IsCompatibleWith);
            if (decode is not null) return Assign(request, prefill, decode, CachedTokens(prefill, cached));
        }

        return null;
    }

    /// <summary>
    /// By the tokens that have to be computed before the prompt's first one: those of the queue, and its own that are not cached there. Since
    /// what is given out counts, no worker gets so much more than another that computing again would have been sooner. Cached tokens are of no
    /// account with a worker that has far more jobs than others.
    /// </summary>
    private IEnumerable<Worker> PrefillInOrder(RouterProtocol.Assign request, PrefixHolders cached, TimeSpan now)
    {
        var most = 2L * LeastJobs(WorkerRole.Prefill, now) + prefix.PrefillSlackJobs;
        return InOrder(WorkerRole.Prefill, request, now, worker => worker.Tokens - (worker.Jobs > most ? 0 : CachedTokens(worker, cached)));
    }

    /// <summary>By jobs, of which one step computes all, and among those that have about as few by what need not be sent there.</summary>
    private IEnumerable<Worker> DecodeInOrder(RouterProtocol.Assign request, PrefixHolders cached, TimeSpan now)
    {
        var most = (long)LeastJobs(WorkerRole.Decode, now) + prefix.DecodeSlackJobs;
        return InOrder(WorkerRole.Decode, request, now, worker => worker.Jobs > most ? 0 : -cached.BlocksOf(worker.Id));
    }

    private int LeastJobs(WorkerRole role, TimeSpan now) => Candidates(role, now).Select(worker => worker.Jobs).DefaultIfEmpty().Min();

    private int CachedTokens(Worker worker, PrefixHolders cached) => cached.BlocksOf(worker.Id) * prefix.BlockTokens;

    private RouterProtocol.Assigned Assign(RouterProtocol.Assign request, Worker prefill, Worker decode, int cachedTokens)
    {
        Release(request.Attempt);
        var assignment = new Assignment(prefill, decode, Math.Max(1, request.Tokens - cachedTokens), request.Tokens);
        _assignments.Add(request.Attempt, assignment);
        Give(prefill, assignment.PrefillTokens, request.Tokens);
        if (decode != prefill) Give(decode, request.Tokens, request.Tokens);
        PromptTokens += request.Tokens;
        PrefixTokens += Math.Min(cachedTokens, request.Tokens);
        Hold(prefill, request.Blocks);
        if (decode != prefill) Hold(decode, request.Blocks);
        return new RouterProtocol.Assigned(request.Attempt, Describe(prefill), Describe(decode));
    }

    /// <summary>Notes what an attempt has left behind: the pages of prompt and output at its decode worker.</summary>
    public void NoteHeld(AttemptId attempt, ImmutableArray<ulong> blocks)
    {
        if (_assignments.TryGetValue(attempt, out var assignment)) Hold(assignment.Decode, blocks);
    }

    private void Hold(Worker worker, ImmutableArray<ulong> blocks)
    {
        // One that is gone meanwhile has nothing.
        if (prefix.BlockTokens == 0 || blocks.IsDefaultOrEmpty || !_workers.TryGetValue(worker.Id, out var present) || present != worker) return;
        _index.Hold(worker.Id, blocks.AsSpan());
    }

    private static RouterProtocol.AssignedWorker Describe(Worker worker) => new(worker.Id, worker.Actor) { Protocol = worker.Report.Protocol };

    /// <returns>Whether the attempt had workers.</returns>
    public bool Release(AttemptId attempt)
    {
        if (!_assignments.Remove(attempt, out var assignment)) return false;
        TakeBack(assignment.Prefill, assignment.PrefillTokens, assignment.Tokens);
        if (assignment.Decode != assignment.Prefill) TakeBack(assignment.Decode, assignment.Tokens, assignment.Tokens);
        return true;
    }

    private IReadOnlyList<(WorkerId Worker, IActorRef Actor, IReadOnlySet<AttemptId> Attempts)> RemoveWhere(Func<Worker, bool> condition)
    {
        var gone = _workers.Values.Where(condition).ToList();
        foreach (var worker in gone)
        {
            _workers.Remove(worker.Id);
            _index.Forget(worker.Id);
        }

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

    private void Give(Worker worker, int tokens, int promptTokens)
    {
        worker.GivenJobs++;
        worker.GivenTokens += tokens;
        worker.GivenPromptTokens += promptTokens;
        worker.Turn = ++_turn;
    }

    private static void TakeBack(Worker worker, int tokens, int promptTokens)
    {
        worker.GivenJobs--;
        worker.GivenTokens -= tokens;
        worker.GivenPromptTokens -= promptTokens;
    }
}
