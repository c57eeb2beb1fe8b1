using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Traces;
using ActorInference.Roles.Router;
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
public sealed record RouteResult(RoutePolicy Policy, int Requests, double PrefillHitRate, double DecodeHitRate, double TtftMs, double TtftMsP99, double BusiestShare);

/// <summary>
/// The router's own table and the workers' own prefix trees over requests with times, without a model: a prefill worker computes what its
/// tree lacks, one prompt after another. Nothing is random.
/// </summary>
public sealed class RouteSimulation
{
    private readonly RouteWork _work;
    private readonly RouteWorkers _options;
    private readonly RoutePolicy _policy;
    private readonly WorkerTable _table;
    private readonly ImmutableArray<Worker> _prefill;
    private readonly ImmutableArray<Worker> _decode;
    private readonly KvTransferFormat _format;
    private readonly PriorityQueue<(AttemptId Attempt, ImmutableArray<ulong> Held), double> _running = new();
    private readonly List<double> _waits = [];

    private RouteSimulation(RouteWork work, RouteWorkers options, RoutePolicy policy)
    {
        (_work, _options, _policy) = (work, options, policy);
        _table = new WorkerTable(TimeSpan.MaxValue, new PrefixRoutingOptions { BlockTokens = policy == RoutePolicy.Prefix ? work.BlockTokens : 0 });
        _prefill = Create(WorkerRole.Prefill, options.Prefill);
        _decode = Create(WorkerRole.Decode, options.Decode);
        _format = KvTransferFormat.Of(new KvPageLayout(Layers: 1, work.BlockTokens, KvHeads: 1, HeadDim: 1, KvDtype.F32));
    }

    public static RouteResult Run(RouteWork work, RouteWorkers options, RoutePolicy policy) => new RouteSimulation(work, options, policy).Run();

    private RouteResult Run()
    {
        for (var i = 0; i < _work.Requests.Count; i++) Serve(i, _work.Requests[i]);
        _waits.Sort();
        var blocks = _work.Requests.Sum(request => (double)request.Prompt.Length);
        return new RouteResult(
            _policy,
            _waits.Count,
            _prefill.Sum(worker => worker.FoundBlocks) / blocks,
            _decode.Sum(worker => worker.FoundBlocks) / blocks,
            1000 * _waits.Average(),
            1000 * _waits[(int)(0.99 * (_waits.Count - 1))],
            (double)_prefill.Max(worker => worker.Requests) / _waits.Count);
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
        new RouterProtocol.WorkerReport(worker.Id, worker.Role, ActorRefs.Nobody, 0, 0, _format) { CachedPages = worker.CachedBlocks }, TimeSpan.Zero);

    private ImmutableArray<Worker> Create(WorkerRole role, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Worker(new WorkerId($"{role.Name()}-{i}"), role, Math.Max(1, _options.CacheTokens / _work.BlockTokens)))];

    private static AttemptId Attempt(int number) => new(new RequestId($"r{number}"), 0);

    private sealed class Worker(WorkerId id, WorkerRole role, int cacheBlocks)
    {
        private readonly GhostCache _cache = new(cacheBlocks, EvictionPolicies.Create("lru"));

        public WorkerId Id => id;

        public WorkerRole Role => role;

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
