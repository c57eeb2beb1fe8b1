using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using static ActorInference.Actors.Protocols.CacheShardEvents;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>One shard without actors, and stores that are allocators only: what the shard says is done at once, in one thread.</summary>
internal sealed class ShardBench : IShardEffects
{
    private readonly Dictionary<StoreId, Store> _stores = [];
    private readonly List<IShardEvent> _journal = [];
    private StoreTable _table = StoreTable.Empty;

    public ShardBench(CacheShardOptions? options = null)
    {
        Options = options ?? new CacheShardOptions { Buckets = 1 };
        State = new CacheShardState(0, Options);
    }

    public CacheShardOptions Options { get; }

    public CacheShardState State { get; private set; }

    /// <summary>Milliseconds of the test's own time.</summary>
    public long Now { get; set; } = 1_000_000;

    public IReadOnlyList<IShardEvent> Journal => _journal;

    /// <summary>Pages that a store was told to take from its disk.</summary>
    public List<KvPageKey> FreedOnDisk { get; } = [];

    private sealed class Store(long capacity)
    {
        public OffsetAllocator Space { get; } = new(capacity);

        public Dictionary<int, long> Slots { get; } = [];

        public int NextSlot { get; set; }

        public long Refused { get; set; }
    }

    public void AddStore(int number, long capacity = 1 << 20, string? host = null)
    {
        _stores[Keys.Store(number)] = new Store(capacity);
        Table(_table.With(new KnownStore(Keys.Report(number, capacity, host: host), IsSuspect: false)));
    }

    public void Table(StoreTable table)
    {
        _table = table;
        Do(State.Decide(table, Now));
    }

    /// <summary>Lets the shard see how full the stores are, as their reports do.</summary>
    public void ReportStores()
    {
        foreach (var (id, store) in _stores)
        {
            if (_table.TryGet(id, out var known))
                Table(_table.With(known with { Report = known.Report with { UsedBytes = store.Space.UsedBytes, Refused = store.Refused } }));
        }
    }

    public void Suspect(int number, bool isSuspect)
    {
        if (_table.TryGet(Keys.Store(number), out var known)) Table(_table.With(known with { IsSuspect = isSuspect }));
    }

    public void Unmount(int number)
    {
        _stores.Remove(Keys.Store(number));
        Table(_table.Without(Keys.Store(number)));
    }

    public long UsedBytes(int store) => _stores[Keys.Store(store)].Space.UsedBytes;

    public long SliceBytes(int store) => _stores[Keys.Store(store)].Slots.Count;

    public PutPlace Start(NewPage page, PutPolicy? policy = null, Guid? writer = null, string tenant = Keys.Tenant, string host = "")
    {
        var decision = State.Decide(new PutStart(0, tenant, writer ?? Keys.Writer, host, policy ?? Keys.Plain, [page]), Now);
        Do(decision);
        return ((PutStarted)decision.Reply!).Places[0];
    }

    public CacheOutcome End(NewPage page, PutPlace place, Guid? writer = null, string tenant = Keys.Tenant)
    {
        var replicas = place.Stores.Select(store => Allocate(store, page.SizeBytes)).OfType<Replica>().ToImmutableArray();
        return End(page.Key, replicas, writer, tenant);
    }

    public CacheOutcome End(KvPageKey key, ImmutableArray<Replica> replicas, Guid? writer = null, string tenant = Keys.Tenant)
    {
        var decision = State.Decide(new PutEnd(0, tenant, writer ?? Keys.Writer, [new EndedPage(key, 7, replicas)]), Now);
        Do(decision);
        return ((Outcomes)decision.Reply!).Pages[0];
    }

    /// <summary>A whole put.</summary>
    public CacheOutcome Put(NewPage page, PutPolicy? policy = null, string tenant = Keys.Tenant, string host = "")
    {
        var place = Start(page, policy, tenant: tenant, host: host);
        return place.Outcome == CacheOutcome.Done ? End(page, place, tenant: tenant) : place.Outcome;
    }

    public CacheOutcome Put(int number, PutPolicy? policy = null) => Put(Keys.Page(number), policy);

    public Replica? Allocate(StoreId id, int bytes)
    {
        var store = _stores[id];
        var offset = store.Space.Allocate(bytes);
        if (offset < 0)
        {
            store.Refused++;
            return null;
        }

        store.Slots.Add(++store.NextSlot, offset);
        return new Replica(id, Epoch(id), store.NextSlot, 1, offset);
    }

    public CacheOutcome[] Exists(params int[] numbers) => [.. State.Answer(new Exists(0, Keys.Tenant, Keys.Of(numbers)), Now).Pages];

    /// <summary>Looks without leasing.</summary>
    public FoundPage Look(int number, string tenant = Keys.Tenant) => State.Answer(new Query(0, tenant, Lease: false, [Keys.Key(number)]), Now).Pages[0];

    public bool IsThere(int number) => Look(number).Outcome == CacheOutcome.Done;

    public FoundPage Get(int number) => State.Answer(new Query(0, Keys.Tenant, Lease: true, [Keys.Key(number)]), Now).Pages[0];

    public CacheOutcome Remove(int number, bool force = false)
    {
        var decision = State.Decide(new Remove(0, Keys.Tenant, force, [Keys.Key(number)]), Now);
        Do(decision);
        return ((Outcomes)decision.Reply!).Pages[0];
    }

    /// <summary>Journals and applies what was decided.</summary>
    public void Do(ShardDecision decision)
    {
        foreach (var @event in decision.Events)
        {
            _journal.Add(@event);
            State.Apply(@event, this);
        }
    }

    /// <summary>A state made of nothing but the journal.</summary>
    public CacheShardState Replay()
    {
        var state = new CacheShardState(0, Options);
        foreach (var @event in _journal) state.Apply(@event);
        return state;
    }

    /// <summary>The shard dies and begins again from its journal, or from a snapshot.</summary>
    public void Restart(bool fromSnapshot = false)
    {
        State = fromSnapshot ? CacheShardState.From(State.ToSnapshot(), 0, Options) : Replay();
        Table(_table);
    }

    public void Keep(in Replica replica)
    {
    }

    public void Free(string tenant, in Replica replica, KvPageKey key)
    {
        if (replica.IsOnDisk) FreedOnDisk.Add(key);
        if (replica.IsOnDisk || !_stores.TryGetValue(replica.Store, out var store) || replica.Epoch != Epoch(replica.Store)) return;
        if (store.Slots.Remove(replica.Slot, out var offset)) store.Space.Free(offset);
    }

    /// <summary>Makes copies as stores would.</summary>
    public void RunCopies()
    {
        var events = ImmutableArray.CreateBuilder<IShardEvent>();
        foreach (var order in State.PlanCopies(Now, events))
        {
            var pages = order.Pages.Select(page => new PulledPage(
                new TenantKey(page.Tenant, page.Page.Key), order.To, Allocate(order.To, page.Page.SizeBytes)));
            Do(State.Decide(new Pulled(0, [.. pages]), this));
        }

        Do(new ShardDecision(null, events.ToImmutable()));
    }

    private Guid Epoch(StoreId id) => _table.TryGet(id, out var known) ? known.Report.Epoch : Guid.Empty;
}
