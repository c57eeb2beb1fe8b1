using System.Net;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tests.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Cache.Transfer;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;

namespace ActorInference.Cache.Tests.Tiers.Stored;

/// <summary>How pages get into stores and out of them.</summary>
internal enum StoreWay
{
    InProcess,
    SharedMemory,
    Network,
}

/// <summary>A worker with all tiers of its own before stores that it shares with others: device, tree, host memory, client.</summary>
internal sealed class StoredWorker : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Nothing counts as stalled because the machine is busy.</summary>
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(20);

    private readonly KvPagePool _device;
    private readonly CpuModelRunner _runner;
    private readonly TierEvents _events;
    private readonly HostPool _host;
    private readonly PageExchange? _exchange;
    private readonly StorageClient _client;
    private readonly StorageTier _tier;
    private readonly RadixTree _tree;
    private readonly InferenceEngine _engine;
    private readonly Dictionary<SequenceId, Turn> _asked = [];

    public StoredWorker(StoreSystem system, TinyModel model, Random random, StoreWay way, TierWritePolicy write, int replicas, EngineOptions engine)
    {
        _device = new KvPagePool(model.Layout, random.Next(64, 128));
        _runner = model.CreateRunner(_device);
        _events = new TierEvents(_device);
        _host = new HostPool(new HostMemory(model.Layout, random.Next(128, 256)), EvictionPolicies.Create("lru"), write, TimeProvider.System);
        _exchange = way == StoreWay.InProcess ? null : new PageExchange(_host.Memory, IPAddress.Loopback, "127.0.0.1", port: 0, new PageFetcherOptions { Stall = Stall });
        _client = system.CreateClient(
            new StorageClientOptions
            {
                QueryDeadline = TimeSpan.FromSeconds(20), TransferDeadline = TimeSpan.FromSeconds(20), BreakerFailures = int.MaxValue,
                Policy = Store.Keys.Plain with { Replicas = replicas }, Fetching = new PageFetcherOptions { UseSharedMemory = way == StoreWay.SharedMemory, Stall = Stall },
            },
            _exchange?.Source);
        _tier = new StorageTier(_host, Prefetching(random), TimeProvider.System);
        _tier.Attach(_client);
        _tree = new RadixTree(
            new RadixTreeOptions { PageSizeTokens = model.Layout.PageSizeTokens, CapacityPages = _device.CapacityPages }, new DemotingReferences(_device, _host),
            EvictionPolicies.Create("lru"));
        // Its time stands still: what is measured would say that so small a model is faster than any tier.
        _engine = new InferenceEngine(_runner, engine, _events, new ManualTime(), _tree, _host);
    }

    public long StoredTokens => _events.Tiers.Sum(static tiers => (long)tiers.Storage);

    /// <summary>Has the pages of all brought, as far as stores have them, then takes them in and computes a little.</summary>
    public async Task AskAsync(IReadOnlyList<Turn> turns, int steps)
    {
        var arrivals = turns.Select(turn => _tier.Begin(turn.Space, turn.Prompt, _engine.CachedTokens(turn.Space, turn.Prompt), secondsPerToken: 0)).OfType<Task>().ToList();
        await Task.WhenAll(arrivals).WaitAsync(Limit);
        foreach (var turn in turns)
            _asked.Add(_engine.Add(new SequenceSpec([.. turn.Prompt], [], turn.Sampling, SequenceMode.Generate) { Space = turn.Space }), turn);
        for (var i = 0; i < steps; i++) Step();
    }

    /// <summary>Computes all to the end.</summary>
    public IEnumerable<(Turn Turn, IReadOnlyList<int> Answer)> Finish()
    {
        while (Step())
        {
        }

        Assert.True(_engine.IsEmpty, "Sequences are left.");
        var answers = _asked.Select(asked => (asked.Value, (IReadOnlyList<int>)_events.Tokens[asked.Key])).ToList();
        _asked.Clear();
        return answers;
    }

    public Task FlushAsync() => _tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);

    /// <summary>Only stores have its pages now, as those of a worker that has just begun.</summary>
    public async Task ForgetAsync()
    {
        _tree.Clear();
        await FlushAsync();
        _host.Clear();
        Assert.Equal(0, _device.UsedPages);
    }

    /// <summary>Ends what is under way; its memory stays until nobody can copy out of it any more.</summary>
    public async Task EndAsync()
    {
        await _tier.DisposeAsync();
        _host.CheckInvariants();
        await _client.DisposeAsync();
        if (_exchange is not null) await _exchange.DisposeAsync();
    }

    public void Dispose()
    {
        _host.Dispose();
        _runner.Dispose();
        _device.Dispose();
    }

    private static StorageTierOptions Prefetching(Random random) => new()
    {
        Policy = PrefetchPolicy.WaitComplete, MinTokens = 1, OnlyIfFaster = false, PrefetchShare = 1, BatchPages = random.Next(2, 9),
        LongestWait = TimeSpan.FromSeconds(40), WriteDeadline = TimeSpan.FromSeconds(40), FirstPause = TimeSpan.FromTicks(1), LongestPause = TimeSpan.FromTicks(2),
    };

    private bool Step()
    {
        var didWork = _engine.Step().DidWork;
        _engine.CheckPages();
        return didWork;
    }
}
