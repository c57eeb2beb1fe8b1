using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using static ActorInference.Actors.Protocols.CacheShardEvents;

namespace ActorInference.Cache.Store;

/// <summary>
/// One bucket of the cache's metadata. Commands are judged by what is there and hide or reserve it; only events change what is
/// journaled. No clock and no I/O: time and the stores' table come from outside.
/// </summary>
/// <remarks>
/// It changes in place, since a shard has a million pages and answers 100,000 questions a second: an immutable one would
/// copy a path of its tree for each.
/// </remarks>
public sealed partial class CacheShardState(int bucket, CacheShardOptions options)
{
    private readonly Dictionary<string, CacheTenant> _tenants = new(StringComparer.Ordinal);
    private readonly Dictionary<StoreId, StoreContent> _contents = [];
    private readonly HashSet<PageEntry> _underReplicated = [];
    private readonly FreedCopies _freed = new();
    private StoreTable _stores = StoreTable.Empty;
    private long _uses;
    private long _nowMs;

    public int Bucket => bucket;

    public CacheShardOptions Options => options;

    /// <summary>Pages that can be read, or could if their stores were heard of.</summary>
    public int PageCount { get; private set; }

    /// <summary>Their bytes, each page counted once.</summary>
    public long Bytes { get; private set; }

    public long Evicted { get; private set; }

    public long Lost { get; private set; }

    /// <summary>What it has written down beside the pages: places in the orders of eviction, copies that were given up, stores.</summary>
    internal int Notes => _freed.Count + _contents.Count + _tenants.Values.Sum(static tenant => tenant.Order.Count) + _contents.Values.Sum(static content => content.Order.Count);

    /// <summary>The pages that have a copy in one store.</summary>
    private sealed class StoreContent
    {
        public HashSet<PageEntry> Memory { get; } = [];

        public HashSet<PageEntry> Disk { get; } = [];

        public long MemoryBytes { get; set; }

        /// <summary>Promised to puts and copies since the store's last report.</summary>
        public long PromisedBytes { get; set; }

        /// <summary>Of the store's report that was seen last.</summary>
        public Guid SeenEpoch { get; set; }

        public long SeenRefused { get; set; }

        public long NoEvictionBeforeMs { get; set; }

        public EvictionQueue Order { get; } = new();
    }

    /// <summary>The only way in which what is journaled changes, live and in replay.</summary>
    public void Apply(IShardEvent @event, IShardEffects? effects = null)
    {
        switch (@event)
        {
            case PagesStored stored:
                foreach (var record in stored.Pages) Store(stored, record, effects);
                break;
            case PagesRemoved removed:
                foreach (var key in removed.Keys) Remove(removed.Tenant, key, removed.Cause, effects);
                break;
            case ReplicasAdded added:
                foreach (var (key, replica) in added.Replicas) AddReplica(added.Tenant, key, replica, effects);
                break;
            case ReplicasRemoved removed:
                foreach (var (key, replica) in removed.Replicas) RemoveReplica(removed.Tenant, key, replica, removed.Cause, effects);
                break;
            case StoreLost lost:
                Lose(lost);
                break;
            case PagesPinned pinned:
                foreach (var key in pinned.Keys) SetPin(pinned.Tenant, key, pinned.PinUntilMs);
                break;
            case QuotaSet quota:
                TenantOf(quota.Tenant).QuotaBytes = quota.Bytes;
                break;
            default:
                throw new UnreachableException($"A cache shard cannot apply {@event.GetType().Name}.");
        }
    }

    /// <summary>The whole of what is journaled.</summary>
    public ShardSnapshot ToSnapshot()
    {
        var quotas = _tenants.Values.Where(tenant => tenant.QuotaBytes is not null).Select(tenant => new QuotaSet(tenant.Name, tenant.QuotaBytes));
        var pages =
            from tenant in _tenants.Values
            from entry in tenant.Pages.Values
            group entry by (Tenant: tenant.Name, Group: entry.Group?.Name ?? "", entry.IsHardPinned, entry.PinUntilMs) into alike
            select new PagesStored(
                alike.Key.Tenant, alike.Key.Group, alike.Key.IsHardPinned, alike.Key.PinUntilMs, false,
                [.. alike.Select(entry => new PageRecord(entry.Page, entry.Checksum, entry.Wanted, entry.Replicas))]);
        return new ShardSnapshot([.. quotas], [.. pages]);
    }

    public static CacheShardState From(ShardSnapshot snapshot, int bucket, CacheShardOptions options)
    {
        var state = new CacheShardState(bucket, options);
        foreach (var quota in snapshot.Quotas) state.Apply(quota);
        foreach (var pages in snapshot.Pages) state.Apply(pages);
        return state;
    }

    private CacheTenant TenantOf(string name)
    {
        if (_tenants.TryGetValue(name, out var tenant)) return tenant;
        tenant = new CacheTenant(name);
        _tenants.Add(name, tenant);
        return tenant;
    }

    private PageEntry? Find(string tenant, KvPageKey key) =>
        _tenants.TryGetValue(tenant, out var known) && known.Pages.TryGetValue(key, out var entry) ? entry : null;

    private StoreContent ContentOf(StoreId store)
    {
        if (_contents.TryGetValue(store, out var content)) return content;
        content = new StoreContent();
        _contents.Add(store, content);
        return content;
    }

    /// <summary>Pages are equally old that were used within one step; of these the deepest is the first to go.</summary>
    private void Touch(PageEntry entry, long nowMs)
    {
        entry.Use = ++_uses;
        var age = options.Order == EvictionOrder.LeastRecentlyUsed
            ? _uses
            : (nowMs / (long)options.AgeStep.TotalMilliseconds << DepthBits) | (uint)(MaxDepth - Math.Clamp(entry.Page.Depth, 0, MaxDepth));
        // A page is never older than one that continues it, so it never goes before that.
        var pages = entry.Tenant.Pages;
        for (var older = entry; older is not null && older.Age < age; older = Parent(pages, older))
        {
            older.Age = age;
            if (options.Order == EvictionOrder.LeastRecentlyUsed) break;
            age++;
        }
    }

    private const int DepthBits = 24;
    private const int MaxDepth = (1 << DepthBits) - 1;

    private static PageEntry? Parent(Dictionary<KvPageKey, PageEntry> pages, PageEntry entry) =>
        entry.Page.Previous != default && pages.TryGetValue(entry.Page.Previous, out var parent) && parent != entry ? parent : null;
}
