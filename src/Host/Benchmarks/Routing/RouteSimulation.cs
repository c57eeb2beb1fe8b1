using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Roles.Router;
using ActorInference.Roles.Workers;
using Akka.Actor;

namespace ActorInference.Host.Benchmarks.Routing;

/// <summary>How workers are chosen.</summary>
public enum RoutePolicy
{
    /// <summary>One after the other.</summary>
    RoundRobin,

    /// <summary>The router without its index of prefixes.</summary>
    LeastLoad,

    /// <summary>The router as it is.</summary>
    Prefix,

    /// <summary>As <see cref="Prefix"/>, by a router that begins anew after half of the requests, and learns from the workers what they have.</summary>
    Restarted,

    /// <summary>As <see cref="Restarted"/>, with workers that do not say what they have.</summary>
    RestartedUntold,
}

/// <summary>The workers of a simulation.</summary>
public sealed record RouteWorkers
{
    public int Prefill { get; init; } = 2;

    public int Decode { get; init; } = 2;

    /// <summary>Tokens that the cache of each holds.</summary>
    public int CacheTokens { get; init; } = 131_072;

    /// <summary>Prompt tokens that a prefill worker computes in a second.</summary>
    public double PrefillTokensPerSecond { get; init; } = 4000;

    /// <summary>Time of one output token.</summary>
    public double SecondsPerOutputToken { get; init; } = 0.02;
}

/// <summary>What came of a policy.</summary>
/// <param name="PrefillHitRate">Part of the prompts' tokens that the chosen prefill workers had.</param>
/// <param name="DecodeHitRate">The same of decode workers: what was not sent to them.</param>
/// <param name="TtftMs">Mean time from the request until its prompt is computed, in the queue and computing.</param>
/// <param name="TtftMsP99">Its 99th percentile.</param>
/// <param name="BusiestShare">Part of all requests that the busiest prefill worker got.</param>
/// <param name="LaterPrefillHitRate">As <paramref name="PrefillHitRate"/>, of the later half of the requests.</param>
/// <param name="LaterDecodeHitRate">As <paramref name="DecodeHitRate"/>, of the later half of the requests.</param>
public sealed record RouteResult(
    RoutePolicy Policy, int Requests, double PrefillHitRate, double DecodeHitRate, double TtftMs, double TtftMsP99, double BusiestShare, double LaterPrefillHitRate, double LaterDecodeHitRate);

/// <summary>
/// The router's own table and the workers' own prefix trees over requests with times, without a model: a prefill worker computes what its
/// tree lacks, one prompt after another. Nothing is random.
/// </summary>
public sealed class RouteSimulation
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(500);

    private readonly RouteWork _work;
    private readonly RouteWorkers _options;
    private readonly RoutePolicy _policy;
    private readonly ImmutableArray<Worker> _prefill;
    private readonly ImmutableArray<Worker> _decode;
    private readonly KvTransferFormat _format;
    private readonly PriorityQueue<(AttemptId Attempt, ImmutableArray<ulong> Held), double> _running = new();
    private readonly List<double> _waits = [];
    private WorkerTable _table;
    private TimeSpan _learnedAt = TimeSpan.MinValue;

    private RouteSimulation(RouteWork work, RouteWorkers options, RoutePolicy policy)
    {
        (_work, _options, _policy) = (work, options, policy);
        _table = CreateTable();
        _prefill = Create(WorkerRole.Prefill, options.Prefill);
        _decode = Create(WorkerRole.Decode, options.Decode);
        _format = KvTransferFormat.Of(new KvPageLayout(Layers: 1, work.BlockTokens, KvHeads: 1, HeadDim: 1, KvDtype.F32));
    }

    public static RouteResult Run(RouteWork work, RouteWorkers options, RoutePolicy policy) => new RouteSimulation(work, options, policy).Run();

    private RouteResult Run()
    {
        var middle = _work.Requests.Count / 2;
        for (var i = 0; i < middle; i++) Serve(i, _work.Requests[i]);
        var (earlierPrefill, earlierDecode) = (_prefill.Sum(worker => worker.FoundBlocks), _decode.Sum(worker => worker.FoundBlocks));
        if (_policy is RoutePolicy.Restarted or RoutePolicy.RestartedUntold) Restart();
        for (var i = middle; i < _work.Requests.Count; i++) Serve(i, _work.Requests[i]);
        _waits.Sort();
        var blocks = _work.Requests.Sum(request => (double)request.Prompt.Length);
        var later = _work.Requests.Skip(middle).Sum(request => (double)request.Prompt.Length);
        return new RouteResult(
            _policy,
            _waits.Count,
            _prefill.Sum(worker => worker.FoundBlocks) / blocks,
            _decode.Sum(worker => worker.FoundBlocks) / blocks,
            1000 * _waits.Average(),
            1000 * _waits[(int)(0.99 * (_waits.Count - 1))],
            (double)_prefill.Max(worker => worker.Requests) / _waits.Count,
            (_prefill.Sum(worker => worker.FoundBlocks) - earlierPrefill) / later,
            (_decode.Sum(worker => worker.FoundBlocks) - earlierDecode) / later);
    }

    private bool IsByPrefix => _policy is not (RoutePolicy.RoundRobin or RoutePolicy.LeastLoad);

    private WorkerTable CreateTable() => new(TimeSpan.MaxValue, new PrefixRoutingOptions { BlockTokens = IsByPrefix ? _work.BlockTokens : 0 });

    /// <summary>A router that begins anew knows nothing, and its generations are gone with it.</summary>
    private void Restart()
    {
        (_table, _learnedAt) = (CreateTable(), TimeSpan.MinValue);
        _running.Clear();
    }

    private void Serve(int number, RouteRequest request)
    {
        var now = request.Seconds;
        while (_running.TryPeek(out var ended, out var at) && at <= now)
        {
            _running.Dequeue();
            _table.NoteHeld(ended.Attempt, ended.Held);
            _table.Release(ended.Attempt);
        }

        foreach (var worker in _prefill) Report(worker);
        foreach (var worker in _decode) Report(worker);
        Learn(TimeSpan.FromSeconds(now));
        int[] dialogue = [.. request.Prompt, .. request.Answer];
        var held = PrefixBlocks.Of(null, dialogue, 1);
        var (prefill, decode) = Choose(number, request, held);
        var missing = request.Prompt.Length - prefill.Serve(request.Prompt, now);
        decode.Serve(request.Prompt, now);
        decode.Keep(dialogue, now);
        prefill.BusyUntil = Math.Max(now, prefill.BusyUntil) + Math.Max(1, missing * _work.BlockTokens) / _options.PrefillTokensPerSecond;
        _waits.Add(prefill.BusyUntil - now);
        _running.Enqueue((Attempt(number), held), prefill.BusyUntil + request.OutputTokens * _options.SecondsPerOutputToken);
    }

    private (Worker Prefill, Worker Decode) Choose(int number, RouteRequest request, ImmutableArray<ulong> blocks)
    {
        ImmutableHashSet<WorkerId> exclude = _policy != RoutePolicy.RoundRobin ? [] :
            [.. _prefill.Where((_, i) => i != number % _prefill.Length).Concat(_decode.Where((_, i) => i != number % _decode.Length)).Select(worker => worker.Id)];
        var assign = new RouterProtocol.Assign(Attempt(number), request.Prompt.Length * _work.BlockTokens, [], exclude) { Blocks = blocks[..request.Prompt.Length] };
        var assigned = _table.TryAssign(assign, TimeSpan.Zero) ?? throw new InvalidOperationException("The router has no workers.");
        return (_prefill.First(worker => worker.Id == assigned.Prefill.Worker), _decode.First(worker => worker.Id == assigned.Decode.Worker));
    }

    private void Report(Worker worker) => _table.Apply(
        new RouterProtocol.WorkerReport(worker.Id, worker.Role, ActorRefs.Nobody, 0, 0, _format)
        {
            CachedPages = worker.CachedBlocks,
            // A block has one name here, of one number, whatever its tokens.
            Prefixes = _policy == RoutePolicy.RestartedUntold ? null : worker.Prefixes.Mark with { BlockTokens = _work.BlockTokens },
        },
        TimeSpan.Zero);

    /// <summary>As often as workers report.</summary>
    private void Learn(TimeSpan now)
    {
        if (_learnedAt > TimeSpan.MinValue && now - _learnedAt < ReportInterval) return;
        _learnedAt = now;
        foreach (var worker in _prefill.Concat(_decode))
        {
            while (_table.NextQuestion(worker.Id, now) is { } ask) _table.Learn(worker.Prefixes.Read(worker.Id, ask.Question));
        }
    }

    private ImmutableArray<Worker> Create(WorkerRole role, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Worker(new WorkerId($"{role.Name()}-{i}"), role, Math.Max(1, _options.CacheTokens / _work.BlockTokens)))];

    private static AttemptId Attempt(int number) => new(new RequestId($"r{number}"), 0);

    private sealed class Worker
    {
        private readonly GhostCache _cache;

        public Worker(WorkerId id, WorkerRole role, int cacheBlocks)
        {
            (Id, Role) = (id, role);
            Prefixes.Name(GhostCache.Space, null);
            _cache = new GhostCache(cacheBlocks, EvictionPolicies.Create("lru"), Prefixes);
        }

        public WorkerId Id { get; }

        public WorkerRole Role { get; }

        /// <summary>What it has, as it tells the router.</summary>
        public PrefixJournal Prefixes { get; } = new(blockTokens: 1);

        public int Requests { get; private set; }

        public long FoundBlocks { get; private set; }

        public int CachedBlocks => _cache.CachedBlocks;

        public double BusyUntil { get; set; }

        public int Serve(int[] prompt, double now)
        {
            var found = _cache.Serve(prompt, (long)(1000 * now));
            Requests++;
            FoundBlocks += found;
            return found;
        }

        public void Keep(int[] dialogue, double now) => _cache.Serve(dialogue, (long)(1000 * now));
    }
}
