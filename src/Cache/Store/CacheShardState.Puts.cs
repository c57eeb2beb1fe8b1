using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheShardEvents;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>Puts: started, ended, revoked. Only their end is journaled; an unfinished one is forgotten with the shard.</summary>
public sealed partial class CacheShardState
{
    /// <summary>Says where pages may be put, and keeps others from putting them. A tenant without room evicts its own pages.</summary>
    public ShardDecision Decide(PutStart put, long nowMs)
    {
        var places = ImmutableArray.CreateBuilder<PutPlace>(put.Pages.Length);
        var events = ImmutableArray.CreateBuilder<IShardEvent>();
        var isInvalid = !IsValid(put.Policy);
        foreach (var page in put.Pages)
        {
            if (isInvalid || page.SizeBytes <= 0 || page.Key == default || page.Depth < 0) places.Add(new PutPlace(CacheOutcome.Invalid, []));
            else places.Add(Start(put, page, nowMs, events));
        }

        return new ShardDecision(new PutStarted(places.MoveToImmutable()), events.ToImmutable());
    }

    /// <summary>Shows pages that lie in their stores.</summary>
    public ShardDecision Decide(PutEnd end, long nowMs)
    {
        _nowMs = nowMs;
        var outcomes = ImmutableArray.CreateBuilder<CacheOutcome>(end.Pages.Length);
        var stored = new List<(PutPolicy Policy, PageRecord Record)>();
        foreach (var page in end.Pages) outcomes.Add(End(end, page, stored));
        var events = stored.GroupBy(each => each.Policy).Select(IShardEvent (alike) => new PagesStored(
            end.Tenant,
            alike.Key.Group,
            alike.Key.HardPin,
            alike.Key.Pin == PinAction.Enable && alike.Key.PinMs > 0 ? nowMs + alike.Key.PinMs : 0,
            alike.Key.Pin == PinAction.Preserve,
            [.. alike.Select(each => each.Record)]));
        return new ShardDecision(new Outcomes(outcomes.MoveToImmutable()), [.. events]);
    }

    /// <summary>Gives up puts.</summary>
    public Outcomes Decide(PutRevoke revoke)
    {
        var outcomes = ImmutableArray.CreateBuilder<CacheOutcome>(revoke.Keys.Length);
        foreach (var key in revoke.Keys)
        {
            var judged = Judge(revoke.Tenant, key, revoke.Writer, out var tenant, out _);
            if (judged == CacheOutcome.Done) EndPut(tenant!, key);
            outcomes.Add(judged);
        }

        return new Outcomes(outcomes.MoveToImmutable());
    }

    /// <summary>Forgets puts whose writers have been silent for twice as long as others have to wait for them, and what was given up long ago.</summary>
    public void Expire(long nowMs)
    {
        // What a silent store was told to give up it may not have heard, and tells of when it is heard of again.
        if (!_stores.Stores.Values.Any(static store => store.IsSuspect)) _freed.Advance(nowMs);
        foreach (var tenant in _tenants.Values)
        {
            foreach (var (key, put) in tenant.Puts)
            {
                if (!put.IsEnding && nowMs - put.StartedMs > 2 * options.PutTimeout.TotalMilliseconds) EndPut(tenant, key);
            }
        }
    }

    private bool IsValid(PutPolicy policy) =>
        policy.Replicas >= 1
        && Enum.IsDefined(policy.Pin)
        && (policy.PinMs == 0 || policy.Pin == PinAction.Enable)
        && policy.PinMs >= 0
        && policy.PinMs <= options.MaxPin.TotalMilliseconds;

    private PutPlace Start(PutStart put, NewPage page, long nowMs, ImmutableArray<IShardEvent>.Builder events)
    {
        var tenant = TenantOf(put.Tenant);
        if (options.NeedsQuota && tenant.QuotaBytes is null) return new PutPlace(CacheOutcome.UnknownTenant, []);
        if (tenant.Pages.TryGetValue(page.Key, out var entry) && IsThere(entry)) return new PutPlace(CacheOutcome.AlreadyExists, []);
        if (tenant.Puts.TryGetValue(page.Key, out var earlier))
        {
            if (earlier.IsEnding || nowMs - earlier.StartedMs < options.PutTimeout.TotalMilliseconds) return new PutPlace(CacheOutcome.AlreadyExists, []);
            EndPut(tenant, page.Key);   // What it has in stores is freed by them: nobody will tell them to keep it.
        }

        if (!HasQuota(tenant, page.SizeBytes, nowMs, events)) return new PutPlace(CacheOutcome.QuotaExceeded, []);
        var places = Place(page.SizeBytes, put.Policy, put.Host);
        if (places.IsEmpty) return new PutPlace(CacheOutcome.NoSpace, []);
        tenant.Puts.Add(page.Key, new UnfinishedPut(page, put.Writer, put.Policy, put.Policy.Replicas, nowMs));
        tenant.UsedBytes += page.SizeBytes;
        return new PutPlace(CacheOutcome.Done, places);
    }

    /// <summary>A page whose stores are all silent may be put again; the copies join if they come back.</summary>
    private bool IsThere(PageEntry entry)
    {
        if (entry.IsEnding) return true;
        foreach (var replica in entry.Replicas)
        {
            if (_stores.IsReadable(replica)) return true;
        }

        return false;
    }

    private CacheOutcome End(PutEnd end, in EndedPage page, List<(PutPolicy Policy, PageRecord Record)> stored)
    {
        var judged = Judge(end.Tenant, page.Key, end.Writer, out var tenant, out var put);
        if (judged != CacheOutcome.Done || put is null) return judged;   // Ended before: well and good.
        if (page.Replicas.IsDefaultOrEmpty)
        {
            EndPut(tenant!, page.Key);
            return CacheOutcome.NoSpace;
        }

        put.IsEnding = true;
        stored.Add((put.Policy, new PageRecord(put.Page, page.Checksum, put.Replicas, page.Replicas)));
        return CacheOutcome.Done;
    }

    private CacheOutcome Judge(string name, KvPageKey key, Guid writer, out CacheTenant? tenant, out UnfinishedPut? put)
    {
        put = null;
        if (!_tenants.TryGetValue(name, out tenant)) return CacheOutcome.NotStarted;
        if (!tenant.Puts.TryGetValue(key, out put)) return tenant.Pages.ContainsKey(key) ? CacheOutcome.Done : CacheOutcome.NotStarted;
        if (put.Writer != writer) return CacheOutcome.OtherWriter;
        if (!put.IsEnding) return CacheOutcome.Done;
        put = null;
        return CacheOutcome.Done;
    }

    /// <summary>Stores for the copies of a page: preferred ones, then one on the writer's host, then the emptiest.</summary>
    private ImmutableArray<StoreId> Place(int sizeBytes, PutPolicy policy, string host)
    {
        List<(KnownStore Store, double Rank)> fitting = [];
        foreach (var store in _stores.Stores.Values)
        {
            if (!store.IsWritable || Free(store) < sizeBytes) continue;
            var preferred = policy.Preferred.IsDefaultOrEmpty ? -1 : policy.Preferred.IndexOf(store.Id);
            var rank = preferred >= 0 ? preferred - 1e6 : store.Report.Host == host ? -1 : 1 - (double)Free(store) / store.Report.CapacityBytes;
            fitting.Add((store, rank));
        }

        if (fitting.Count == 0) return [];
        if (fitting.Count > 1) fitting.Sort(static (a, b) => a.Rank.CompareTo(b.Rank));
        var places = ImmutableArray.CreateBuilder<StoreId>(Math.Min(policy.Replicas, fitting.Count));
        for (var i = 0; i < fitting.Count && i < policy.Replicas; i++)
        {
            ContentOf(fitting[i].Store.Id).PromisedBytes += sizeBytes;
            places.Add(fitting[i].Store.Id);
        }

        return places.MoveToImmutable();
    }

    private long Free(KnownStore store) => store.FreeBytes - (_contents.TryGetValue(store.Id, out var content) ? content.PromisedBytes : 0);
}
