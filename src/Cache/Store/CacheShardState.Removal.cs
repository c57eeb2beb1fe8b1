using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheShardEvents;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>Removal by command, and eviction. What goes is hidden at once, and its room given back once that is durable.</summary>
public sealed partial class CacheShardState
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    public ShardDecision Decide(Remove remove, long nowMs)
    {
        var outcomes = ImmutableArray.CreateBuilder<CacheOutcome>(remove.Keys.Length);
        var keys = ImmutableArray.CreateBuilder<KvPageKey>();
        foreach (var key in remove.Keys)
        {
            var outcome = Judge(remove.Tenant, key, remove.Force, nowMs);
            outcomes.Add(outcome);
            if (outcome != CacheOutcome.Done) continue;
            Find(remove.Tenant, key)!.IsEnding = true;
            keys.Add(key);
        }

        var reply = new Outcomes(outcomes.MoveToImmutable());
        return keys.Count == 0 ? ShardDecision.Of(reply) : ShardDecision.Of(reply, new PagesRemoved(remove.Tenant, RemovalCause.Removed, keys.ToImmutable()));
    }

    /// <exception cref="ArgumentException">The pattern is no regular expression.</exception>
    /// <exception cref="RegexMatchTimeoutException">It takes too long; nothing is removed.</exception>
    public ShardDecision Decide(RemoveMatching remove, long nowMs)
    {
        if (!_tenants.TryGetValue(remove.Tenant, out var tenant)) return ShardDecision.Of(new Counted(0));
        var pattern = remove.Pattern.Length == 0 ? null : new Regex(remove.Pattern, RegexOptions.CultureInvariant, PatternTimeout);
        var going = tenant.Pages.Values
            .Where(entry => (pattern is null || pattern.IsMatch(entry.Key.ToString())) && Judge(entry, remove.Force, nowMs) == CacheOutcome.Done)
            .ToList();
        foreach (var entry in going) entry.IsEnding = true;
        return going.Count == 0
            ? ShardDecision.Of(new Counted(0))
            : ShardDecision.Of(new Counted(going.Count), new PagesRemoved(remove.Tenant, RemovalCause.Removed, [.. going.Select(entry => entry.Key)]));
    }

    /// <summary>A copy that read badly is forgotten.</summary>
    public ShardDecision Decide(Broken broken)
    {
        if (Find(broken.Tenant, broken.Key) is not { IsReadable: true } entry || !entry.Replicas.Contains(broken.Replica)) return ShardDecision.Of(null);
        if (entry.Replicas.Length == 1) entry.IsEnding = true;
        return ShardDecision.Of(null, new ReplicasRemoved(broken.Tenant, RemovalCause.Lost, [new PageReplica(broken.Key, broken.Replica)]));
    }

    /// <summary>Frees memory of one store: at least so many bytes of this shard's pages, if as many may go.</summary>
    public ShardDecision Evict(StoreId store, long bytes, long nowMs)
    {
        if (!_contents.TryGetValue(store, out var content)) return ShardDecision.Of(null);
        var going = new EvictionRound(nowMs, options.EvictsPinned, wholly: false);
        while (going.Bytes < bytes && content.Order.Take(nowMs, going.MayTakePinned, content.Memory.Contains) is { } entry) going.Add(entry, content.Order);
        content.Order.EndRound();
        return ShardDecision.Of(null, going.ToEvents());
    }

    /// <summary>Evicts a part of all pages by their number, which is how Mooncake counts.</summary>
    /// <param name="ratio">Of the pages that may go.</param>
    public ShardDecision EvictCount(double ratio, long nowMs)
    {
        var going = new EvictionRound(nowMs, options.EvictsPinned, wholly: false);
        var candidates = _tenants.Values.SelectMany(tenant => tenant.Pages.Values).Count(entry => entry.IsReadable && !entry.IsHardPinned && !entry.IsLeased(nowMs));
        var wanted = (int)Math.Ceiling(ratio * candidates - 1e-9);
        foreach (var tenant in _tenants.Values)
        {
            while (going.Count < wanted && tenant.Order.Take(nowMs, going.MayTakePinned, static _ => true) is { } entry)
                going.Add(entry, tenant.Order);
            tenant.Order.EndRound();
        }

        return ShardDecision.Of(null, going.ToEvents());
    }

    /// <summary>Whether a tenant has room for a page, once its own oldest ones have gone.</summary>
    private bool HasQuota(CacheTenant tenant, long bytes, long nowMs, ImmutableArray<IShardEvent>.Builder events)
    {
        if (tenant.QuotaBytes is not { } quota || tenant.UsedBytes + bytes <= quota) return true;
        if (bytes > quota) return false;
        var going = new EvictionRound(nowMs, options.EvictsPinned, wholly: true);
        var wanted = tenant.UsedBytes - tenant.EndingBytes + bytes - quota;
        while (going.Bytes < wanted && tenant.Order.Take(nowMs, going.MayTakePinned, static _ => true) is { } entry) going.Add(entry, tenant.Order);
        tenant.Order.EndRound();
        tenant.EndingBytes += going.Bytes;
        going.MarkForQuota();
        events.AddRange(going.ToEvents());
        return going.Bytes >= wanted;
    }

    private CacheOutcome Judge(string name, KvPageKey key, bool force, long nowMs)
    {
        if (!_tenants.TryGetValue(name, out var tenant)) return CacheOutcome.NotFound;
        if (tenant.Pages.TryGetValue(key, out var entry)) return Judge(entry, force, nowMs);
        return tenant.Puts.ContainsKey(key) ? CacheOutcome.NotReady : CacheOutcome.NotFound;
    }

    private static CacheOutcome Judge(PageEntry entry, bool force, long nowMs)
    {
        if (!entry.IsReadable) return CacheOutcome.NotFound;
        if (entry.Copying > 0) return CacheOutcome.Busy;
        return entry.IsLeased(nowMs) && !force ? CacheOutcome.Leased : CacheOutcome.Done;
    }
}
