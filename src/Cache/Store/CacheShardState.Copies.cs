using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheShardEvents;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>Copies between stores: asked for, for lack of replicas, for heat, and out of stores that drain.</summary>
public sealed partial class CacheShardState
{
    /// <summary>A store this full gets no extra copies of hot pages.</summary>
    private const double MaxHotFill = 0.85;

    private const long HotPauseMs = 30_000;

    private readonly Dictionary<(PageEntry Page, StoreId To), CopyUnderWay> _copies = [];
    private readonly Queue<(PageEntry Page, StoreId To, Replica? Moved)> _ordered = new();
    private readonly HashSet<PageEntry> _hot = [];

    private sealed record CopyUnderWay(Replica? Moved, long DeadlineMs);

    /// <summary>Takes orders to copy or move pages. They are done in the background.</summary>
    public Outcomes Decide(Copy copy)
    {
        var outcomes = ImmutableArray.CreateBuilder<CacheOutcome>(copy.Keys.Length);
        foreach (var key in copy.Keys)
        {
            var entry = Find(copy.Tenant, key);
            if (entry is not { IsReadable: true })
            {
                outcomes.Add(CacheOutcome.NotFound);
                continue;
            }

            var moved = string.IsNullOrEmpty(copy.From.Value) ? (Replica?)null : entry.Replicas.FirstOrDefault(replica => replica.Store == copy.From && !replica.IsOnDisk);
            var outcome = !_stores.TryGet(copy.To, out var target) || !target.IsWritable || moved == default(Replica) ? CacheOutcome.Invalid
                : Has(entry, copy.To) ? CacheOutcome.AlreadyExists
                : _copies.ContainsKey((entry, copy.To)) ? CacheOutcome.Busy
                : CacheOutcome.Done;
            outcomes.Add(outcome);
            if (outcome == CacheOutcome.Done) _ordered.Enqueue((entry, copy.To, moved));
        }

        return new Outcomes(outcomes.MoveToImmutable());
    }

    /// <summary>Copies that should begin now.</summary>
    /// <param name="events">Receives copies that can go because their store drains and others have the page.</param>
    public ImmutableArray<PullOrder> PlanCopies(long nowMs, ImmutableArray<IShardEvent>.Builder events)
    {
        foreach (var (copy, underWay) in _copies.Where(pair => pair.Value.DeadlineMs <= nowMs).ToList()) EndCopy(copy, underWay);
        var plans = new List<(PageEntry Page, StoreId To, Replica From)>();
        while (_ordered.TryPeek(out var order) && MayCopy(plans))
        {
            _ordered.Dequeue();
            Plan(order.Page, order.To, order.Moved, nowMs, plans);
        }

        foreach (var entry in _underReplicated)
        {
            if (!MayCopy(plans)) break;
            if (Target(entry, 1) is { } to) Plan(entry, to, null, nowMs, plans);
        }

        foreach (var entry in _hot)
        {
            if (!MayCopy(plans)) break;
            if (entry.IsReadable && entry.MemoryReplicas < options.MaxHotReplicas && Target(entry, MaxHotFill) is { } to) Plan(entry, to, null, nowMs, plans);
        }

        _hot.Clear();
        foreach (var store in _stores.Stores.Values.Where(store => store.Report.IsDraining)) Drain(store.Id, nowMs, plans, events);
        return [.. plans.GroupBy(plan => plan.To).Select(alike => new PullOrder(alike.Key, [.. alike.Select(ToPull)]))];
    }

    /// <summary>Copies have been made, or not.</summary>
    public ShardDecision Decide(Pulled pulled, IShardEffects effects)
    {
        var events = ImmutableArray.CreateBuilder<IShardEvent>();
        foreach (var page in pulled.Pages)
        {
            var (tenant, key) = page.Page;
            var entry = Find(tenant, key);
            if (entry is null || !_copies.TryGetValue((entry, page.Store), out var underWay))
            {
                if (page.Replica is { } unwanted) effects.Free(tenant, unwanted, key);
                continue;
            }

            EndCopy((entry, page.Store), underWay);
            if (page.Replica is not { } made) continue;
            events.Add(new ReplicasAdded(tenant, [new PageReplica(key, made)]));
            if (underWay.Moved is { } moved) events.Add(new ReplicasRemoved(tenant, RemovalCause.Removed, [new PageReplica(key, moved)]));
        }

        return new ShardDecision(null, events.ToImmutable());
    }

    private static bool Has(PageEntry entry, StoreId store) => entry.Replicas.Any(replica => replica.Store == store && !replica.IsOnDisk);

    private static CacheStoreProtocol.PullPage ToPull((PageEntry Page, StoreId To, Replica From) plan) =>
        new(plan.Page.Tenant.Name, plan.Page.Page, plan.Page.Checksum, plan.From);

    private bool MayCopy(List<(PageEntry Page, StoreId To, Replica From)> plans) => _copies.Count < options.MaxCopies && plans.Count < options.MaxCopies;

    private void Plan(PageEntry entry, StoreId to, Replica? moved, long nowMs, List<(PageEntry Page, StoreId To, Replica From)> plans)
    {
        if (!entry.IsReadable || _copies.ContainsKey((entry, to)) || Readable(entry) is not [_, ..] readable) return;
        var from = readable.FirstOrDefault(replica => !replica.IsOnDisk, readable[0]);
        if (from.Store == to && !from.IsOnDisk) return;
        _copies.Add((entry, to), new CopyUnderWay(moved, nowMs + (long)options.CopyTimeout.TotalMilliseconds));
        entry.Copying++;
        ContentOf(to).PromisedBytes += entry.Page.SizeBytes;
        plans.Add((entry, to, from));
    }

    private void EndCopy((PageEntry Page, StoreId To) copy, CopyUnderWay underWay)
    {
        if (_copies.Remove(copy)) copy.Page.Copying--;
        if (underWay.Moved is null) CheckReplication(copy.Page);
    }

    /// <summary>The emptiest store that has no copy of a page and room for one.</summary>
    private StoreId? Target(PageEntry entry, double maxFill)
    {
        KnownStore? best = null;
        foreach (var store in _stores.Stores.Values)
        {
            var free = Free(store);
            if (!store.IsWritable || Has(entry, store.Id) || free < entry.Page.SizeBytes || free < (1 - maxFill) * store.Report.CapacityBytes) continue;
            if (best is null || free > Free(best)) best = store;
        }

        return best?.Id;
    }

    private void Drain(StoreId store, long nowMs, List<(PageEntry Page, StoreId To, Replica From)> plans, ImmutableArray<IShardEvent>.Builder events)
    {
        if (!_contents.TryGetValue(store, out var content)) return;
        var spare = new List<(PageEntry Page, Replica Copy)>();
        foreach (var entry in content.Memory.Concat(content.Disk).Distinct())
        {
            if (!entry.IsReadable || entry.Copying > 0) continue;
            var copies = entry.Replicas.Where(replica => replica.Store == store).ToList();
            if (Readable(entry).Any(replica => replica.Store != store && !IsDraining(replica.Store))) spare.AddRange(copies.Select(copy => (entry, copy)));
            else if (!MayCopy(plans)) break;
            else if (Target(entry, 1) is { } to) Plan(entry, to, copies[0], nowMs, plans);
        }

        foreach (var tenant in spare.GroupBy(each => each.Page.Tenant.Name))
            events.Add(new ReplicasRemoved(tenant.Key, RemovalCause.Removed, [.. tenant.Select(each => new PageReplica(each.Page.Key, each.Copy))]));
    }

    private bool IsDraining(StoreId store) => _stores.TryGet(store, out var known) && known.Report.IsDraining;

    private void NoteHeat(PageEntry entry, long nowMs)
    {
        if (options.HotReadsPerSecond <= 0 || entry.Hits < options.HotReadsPerSecond * options.HotWindow.TotalSeconds || nowMs < entry.CoolUntilMs) return;
        if (entry.MemoryReplicas >= options.MaxHotReplicas || _stores.Stores.Count <= entry.MemoryReplicas) return;
        entry.CoolUntilMs = nowMs + HotPauseMs;
        _hot.Add(entry);
    }
}
