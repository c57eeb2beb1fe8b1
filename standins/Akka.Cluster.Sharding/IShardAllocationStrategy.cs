using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster.Sharding;

/// <summary>Says where a shard goes, and which are to move. Called by the coordinator, one call at a time of each kind.</summary>
public interface IShardAllocationStrategy : INoSerializationVerificationNeeded
{
    /// <param name="requester">The region, or proxy, that asked for the shard first.</param>
    /// <param name="currentShardAllocations">The shards of each region that may get more.</param>
    /// <returns>One of these regions.</returns>
    Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations);

    /// <param name="rebalanceInProgress">Shards that move already.</param>
    /// <returns>Shards that are to stop where they are, and to be allocated anew.</returns>
    Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress);
}

/// <summary>A strategy that is told when its coordinator starts.</summary>
public interface IStartableAllocationStrategy : IShardAllocationStrategy
{
    void Start();
}

/// <summary>A strategy that is told when its coordinator starts, and in which system.</summary>
public interface IActorSystemDependentAllocationStrategy : IShardAllocationStrategy
{
    void Start(ActorSystem system);
}

/// <summary>The strategies that come with sharding.</summary>
public static class ShardAllocationStrategy
{
    /// <summary>New shards go to the region with the fewest. One round moves what brings all to within one of the mean, but not more than the limits.</summary>
    /// <param name="absoluteLimit">Shards that one round moves at most.</param>
    /// <param name="relativeLimit">The part of all shards that one round moves at most, above 0 to 1.</param>
    public static IShardAllocationStrategy LeastShardAllocationStrategy(int absoluteLimit, double relativeLimit) =>
        new LimitedLeastShardAllocationStrategy(absoluteLimit, relativeLimit);
}

/// <summary>New shards go to the region with the fewest.</summary>
public abstract class AbstractLeastShardAllocationStrategy : IActorSystemDependentAllocationStrategy
{
    private Cluster _cluster;

    public virtual void Start(ActorSystem system) => _cluster = Cluster.Get(system);

    public Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
        Task.FromResult(ByLoad(currentShardAllocations).First().Key);

    public abstract Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress);

    /// <summary>The best place for another shard first: on nodes that stay, of the newest version, with the fewest shards.</summary>
    protected IOrderedEnumerable<KeyValuePair<IActorRef, IImmutableList<string>>> ByLoad(
        IEnumerable<KeyValuePair<IActorRef, IImmutableList<string>>> allocations)
    {
        var members = _cluster?.State.Members.ToDictionary(member => member.Address) ?? [];
        return allocations
            .OrderBy(each => IsGoing(MemberOf(each.Key)))
            .ThenByDescending(each => MemberOf(each.Key)?.AppVersion)
            .ThenBy(each => each.Value.Count)
            .ThenBy(each => each.Key.Path.ToString(), StringComparer.Ordinal);

        Member MemberOf(IActorRef region) =>
            _cluster is null ? null : members.GetValueOrDefault(region.Path.Address.HasLocalScope ? _cluster.SelfAddress : region.Path.Address);
    }

    private static bool IsGoing(Member member) => member?.Status is MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down;
}

/// <summary>Moves shards from the region with the most while it has too many more than the one with the fewest.</summary>
/// <param name="rebalanceThreshold">A difference up to this is left alone.</param>
/// <param name="maxSimultaneousRebalance">Shards that may be on the move at once.</param>
public class LeastShardAllocationStrategy(int rebalanceThreshold, int maxSimultaneousRebalance) : AbstractLeastShardAllocationStrategy
{
    public override Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        IImmutableSet<string> moved = ImmutableHashSet<string>.Empty;
        var free = maxSimultaneousRebalance - rebalanceInProgress.Count;
        if (currentShardAllocations.Count < 2 || free <= 0) return Task.FromResult(moved);
        var fewest = currentShardAllocations.Values.Min(shards => shards.Count);
        var most = currentShardAllocations.Values.Select(shards => shards.Where(shard => !rebalanceInProgress.Contains(shard)).ToList()).MaxBy(shards => shards.Count);
        var difference = most.Count - fewest;
        if (difference <= rebalanceThreshold) return Task.FromResult(moved);
        // Half of the difference levels the two; the rest of it would only change their places.
        var count = Math.Min(Math.Max(1, Math.Min(difference - rebalanceThreshold, difference / 2)), free);
        moved = most.Order(StringComparer.Ordinal).Take(count).ToImmutableHashSet();
        return Task.FromResult(moved);
    }
}

/// <inheritdoc cref="ShardAllocationStrategy.LeastShardAllocationStrategy"/>
internal sealed class LimitedLeastShardAllocationStrategy(int absoluteLimit, double relativeLimit) : AbstractLeastShardAllocationStrategy
{
    public override Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        IImmutableSet<string> moved = ImmutableHashSet<string>.Empty;
        var regions = currentShardAllocations.Values.ToList();
        var total = regions.Sum(shards => shards.Count);
        // A round begins when the one before has ended.
        if (regions.Count < 2 || total == 0 || rebalanceInProgress.Count > 0) return Task.FromResult(moved);
        var limit = Math.Max(1, Math.Min((int)(relativeLimit * total), absoluteLimit));
        var mean = (total + regions.Count - 1) / regions.Count;
        var above = regions.SelectMany(shards => shards.Order(StringComparer.Ordinal).Take(Math.Max(0, shards.Count - mean))).ToList();
        if (above.Count == 0)
        {
            // All are at the mean, rounded up, or below: those more than one below get from those at it.
            var missing = regions.Sum(shards => Math.Max(0, mean - 1 - shards.Count));
            above = [.. regions.Where(shards => shards.Count == mean).Select(shards => shards.Min(StringComparer.Ordinal)).Take(missing)];
        }

        moved = above.Take(limit).ToImmutableHashSet();
        return Task.FromResult(moved);
    }
}
