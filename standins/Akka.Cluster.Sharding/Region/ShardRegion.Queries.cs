using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Util;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding;

/// <summary>Questions about what is where.</summary>
public sealed partial class ShardRegion
{
    private void OnQuery(IShardRegionQuery query)
    {
        switch (query)
        {
            case GetShardRegionState:
                AskShards().PipeTo(Sender, Self, success: answers => new CurrentShardRegionState(
                    answers.Where(each => each.State is not null).Select(each => each.State).ToImmutableHashSet(), Failed(answers)));
                break;
            case GetShardRegionStats:
                AskShards().PipeTo(Sender, Self, success: answers => new ShardRegionStats(
                    answers.Where(each => each.State is not null).ToImmutableDictionary(each => each.Shard, each => each.State.EntityIds.Count), Failed(answers)));
                break;
            case GetEntityLocation get:
                Locate(get).PipeTo(Sender, Self);
                break;
            case GetClusterShardingStats or GetCurrentRegions when _coordinator is not null:
                _coordinator.Forward(query);
                break;
            default:
                _log.Warning("{0}: no coordinator is known yet that could answer [{1}]", _typeName, query.GetType().Name);
                break;
        }
    }

    private static IImmutableSet<string> Failed((string Shard, ShardState State)[] answers) =>
        answers.Where(each => each.State is null).Select(each => each.Shard).ToImmutableHashSet();

    private Task<(string Shard, ShardState State)[]> AskShards()
    {
        var timeout = _settings.ShardRegionQueryTimeout;
        return Task.WhenAll(_shards.Select(each => StateOf(each.Key, each.Value, timeout)));
    }

    /// <summary>The state is null if the shard does not answer in time.</summary>
    private static async Task<(string Shard, ShardState State)> StateOf(string shard, IActorRef actor, TimeSpan timeout)
    {
        try
        {
            return (shard, await actor.Ask<ShardState>(GetShardState.Instance, timeout).ConfigureAwait(false));
        }
        catch (AskTimeoutException)
        {
            return (shard, null);
        }
    }

    private async Task<EntityLocation> Locate(GetEntityLocation get)
    {
        var shard = _extractor.ShardId(get.EntityId);
        if (string.IsNullOrEmpty(shard) || !_homes.TryGetValue(shard, out var region))
            return new EntityLocation(get.EntityId, shard, Address.AllSystems, Option<IActorRef>.None);
        var address = region.Path.Address.HasLocalScope ? _cluster.SelfAddress : region.Path.Address;
        var path = new RootActorPath(address) / region.Path.Elements / Uri.EscapeDataString(shard) / Uri.EscapeDataString(get.EntityId);
        try
        {
            var entity = await Context.System.ActorSelection(path).ResolveOne(get.Timeout).ConfigureAwait(false);
            return new EntityLocation(get.EntityId, shard, address, Option<IActorRef>.Create(entity));
        }
        catch (ActorNotFoundException)
        {
            return new EntityLocation(get.EntityId, shard, address, Option<IActorRef>.None);
        }
    }
}
