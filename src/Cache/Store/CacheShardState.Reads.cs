using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheShardEvents;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>Questions: where pages are, whether, and which.</summary>
public sealed partial class CacheShardState
{
    private const int MaxListed = 10_000;

    private long _queried;
    private long _hits;

    /// <summary>Where pages are; leases them, and counts their use, if that is asked.</summary>
    public Found Answer(Query query, long nowMs)
    {
        var found = new FoundPage[query.Keys.Length];
        _tenants.TryGetValue(query.Tenant, out var tenant);
        _queried += found.Length;
        // From the last to the first: a page is then younger than those that continue it.
        for (var i = found.Length - 1; i >= 0; i--) found[i] = Answer(tenant, query.Keys[i], query.Lease, nowMs);
        return new Found((long)options.Lease.TotalMilliseconds, System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(found));
    }

    /// <summary>Which pages can be read; leases them.</summary>
    public Outcomes Answer(Exists exists, long nowMs)
    {
        var outcomes = new CacheOutcome[exists.Keys.Length];
        _tenants.TryGetValue(exists.Tenant, out var tenant);
        _queried += outcomes.Length;
        for (var i = outcomes.Length - 1; i >= 0; i--)
            outcomes[i] = Answer(tenant, exists.Keys[i], lease: true, nowMs).Outcome;
        return new Outcomes(System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(outcomes));
    }

    public Listed Answer(List list, long nowMs)
    {
        if (!_tenants.TryGetValue(list.Tenant, out var tenant)) return new Listed([]);
        var after = (list.After.High, list.After.Low);
        var pages = tenant.Pages.Values
            .Where(entry => entry.IsReadable && (entry.Key.High, entry.Key.Low).CompareTo(after) > 0)
            .OrderBy(entry => entry.Key.High).ThenBy(entry => entry.Key.Low)
            .Take(Math.Clamp(list.Limit, 0, MaxListed))
            .Select(entry => new ListedPage(
                entry.Key, entry.Page.Depth, entry.Page.SizeBytes, entry.MemoryReplicas, entry.Replicas.Length - entry.MemoryReplicas,
                entry.IsLeased(nowMs), entry.IsHardPinned || entry.IsSoftPinned(nowMs)));
        return new Listed([.. pages]);
    }

    public ShardStatus Status(long nowMs) => new(
        bucket,
        PageCount,
        Bytes,
        _tenants.Values.Sum(tenant => tenant.Puts.Count),
        _tenants.Values.Sum(tenant => tenant.Pages.Values.Count(entry => entry.IsSoftPinned(nowMs))),
        _underReplicated.Count,
        _queried,
        _hits,
        Evicted,
        Lost);

    /// <summary>Pins pages softly, or takes their pins away.</summary>
    public ShardDecision Decide(Pin pin, long nowMs)
    {
        var isInvalid = !Enum.IsDefined(pin.Action) || pin.PinMs < 0 || pin.PinMs > options.MaxPin.TotalMilliseconds
            || (pin.PinMs > 0 && pin.Action != PinAction.Enable);
        var outcomes = ImmutableArray.CreateBuilder<CacheOutcome>(pin.Keys.Length);
        var keys = ImmutableArray.CreateBuilder<KvPageKey>();
        foreach (var key in pin.Keys)
        {
            var outcome = isInvalid ? CacheOutcome.Invalid : Find(pin.Tenant, key) is { IsReadable: true } ? CacheOutcome.Done : CacheOutcome.NotFound;
            outcomes.Add(outcome);
            if (outcome == CacheOutcome.Done && pin.Action != PinAction.Preserve) keys.Add(key);
        }

        var until = pin.Action == PinAction.Enable && pin.PinMs > 0 ? nowMs + pin.PinMs : 0;
        return keys.Count == 0
            ? ShardDecision.Of(new Outcomes(outcomes.MoveToImmutable()))
            : ShardDecision.Of(new Outcomes(outcomes.MoveToImmutable()), new PagesPinned(pin.Tenant, until, keys.ToImmutable()));
    }

    /// <summary>Sets what a tenant may have in this shard.</summary>
    public ShardDecision Decide(SetQuota quota)
    {
        if (quota.Bytes < 0) return ShardDecision.Of(new Outcomes([CacheOutcome.Invalid]));
        if (quota.Bytes is null && _tenants.TryGetValue(quota.Tenant, out var tenant) && tenant.Pages.Count > 0 && options.NeedsQuota)
            return ShardDecision.Of(new Outcomes([CacheOutcome.Busy]));   // Its pages would be nobody's.
        var share = quota.Bytes is { } bytes ? (bytes + options.Buckets - 1) / options.Buckets : (long?)null;
        return ShardDecision.Of(new Outcomes([CacheOutcome.Done]), new QuotaSet(quota.Tenant, share));
    }

    private FoundPage Answer(CacheTenant? tenant, KvPageKey key, bool lease, long nowMs)
    {
        if (tenant is null || !tenant.Pages.TryGetValue(key, out var entry) || !entry.IsReadable)
            return new FoundPage(tenant?.Puts.ContainsKey(key) == true ? CacheOutcome.NotReady : CacheOutcome.NotFound, 0, 0, []);
        var readable = Readable(entry);
        if (readable.IsEmpty) return new FoundPage(CacheOutcome.NotFound, 0, 0, []);
        _hits++;
        if (lease) Lease(entry, nowMs);
        return new FoundPage(CacheOutcome.Done, entry.Page.SizeBytes, entry.Checksum, readable);
    }

    private ImmutableArray<Replica> Readable(PageEntry entry)
    {
        foreach (var replica in entry.Replicas)
        {
            if (!_stores.IsReadable(replica)) return entry.Replicas.RemoveAll(each => !_stores.IsReadable(each));
        }

        return entry.Replicas;
    }

    private void Lease(PageEntry entry, long nowMs)
    {
        Touch(entry, nowMs);
        var until = nowMs + (long)options.Lease.TotalMilliseconds;
        entry.LeaseUntilMs = Math.Max(entry.LeaseUntilMs, until);
        if (entry.Group is { } group) group.LeaseUntilMs = Math.Max(group.LeaseUntilMs, until);
        if (nowMs - entry.HitsSinceMs > options.HotWindow.TotalMilliseconds) (entry.Hits, entry.HitsSinceMs) = (0, nowMs);
        entry.Hits++;
        NoteHeat(entry, nowMs);
    }
}
