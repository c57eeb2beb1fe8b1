using Akka.Actor;
using Akka.Cluster.Sharding.Region;
using Akka.Event;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding;

/// <summary>Messages on their way to entities, and the shards that are here.</summary>
public sealed partial class ShardRegion
{
    /// <summary>Where shards are, as far as it is known: the region, or this one.</summary>
    private readonly Dictionary<string, IActorRef> _homes = [];
    private readonly Dictionary<string, IActorRef> _shards = [];
    private readonly Dictionary<IActorRef, string> _shardIds = [];
    private readonly HashSet<string> _handingOff = [];
    private readonly MessageBuffers _buffers;

    private void Deliver(object message, IActorRef sender)
    {
        if (ShardOf(message) is not { } shard)
        {
            Context.System.DeadLetters.Tell(new DeadLetter(message, sender, Self), Self);
            return;
        }

        if (!_homes.TryGetValue(shard, out var home))
        {
            if (!_buffers.Has(shard)) _coordinator?.Tell(new GetShardHome(shard));
            Hold(shard, message, sender);
        }
        else if (!home.Equals(Self))
        {
            home.Tell(message, sender);
        }
        else if (_shards.TryGetValue(shard, out var here) && !_handingOff.Contains(shard))
        {
            here.Tell(message, sender);
        }
        else
        {
            Hold(shard, message, sender);
        }
    }

    /// <summary>Null if the message is for no entity. A message that the extractor fails on does not take all entities along.</summary>
    private string ShardOf(object message)
    {
        try
        {
            if (_extractor.EntityId(message) is { Length: > 0 } entity && _extractor.ShardId(entity, message) is { Length: > 0 } shard) return shard;
            _log.Warning("{0}: message of type [{1}] has no entity or no shard; it is dropped", _typeName, message.GetType());
        }
        catch (Exception e)
        {
            _log.Error(e, "{0}: the extractor failed on a message of type [{1}], which is dropped: {2}", _typeName, message.GetType(), e.Message);
        }

        return null;
    }

    private void Hold(string shard, object message, IActorRef sender)
    {
        if (_buffers.TryAdd(shard, message, sender)) return;
        _log.Warning("{0}: the buffer is full (buffer-size is {1}); a message for shard [{2}] is dropped", _typeName, _settings.TuningParameters.BufferSize, shard);
        Context.System.DeadLetters.Tell(new DeadLetter(message, sender, Self), Self);
    }

    private void OnShardHome(string shard, IActorRef home)
    {
        if (home.Equals(Self))
        {
            if (IsProxy) return;
            _homes[shard] = Self;
            StartShard(shard);
            return;
        }

        if (_shards.ContainsKey(shard) && !_handingOff.Contains(shard)) _log.Warning("{0}: shard [{1}] is here and said to be at [{2}]", _typeName, shard, home);
        _homes[shard] = Context.Watch(home);
        foreach (var (message, sender) in _buffers.Take(shard)) home.Tell(message, sender);
        TryFinishShutdown();
    }

    private void OnHostShard(string shard)
    {
        if (IsProxy || _isShuttingDown) return;   // The coordinator hears of that, and finds another place.
        _homes[shard] = Self;
        StartShard(shard);
        Sender.Tell(new ShardStarted(shard));
    }

    private bool IsHere(string shard) => _homes.TryGetValue(shard, out var home) && home.Equals(Self);

    /// <summary>Starts the shard unless it runs, and gives it what has waited. One that is stopping is started when it has ended.</summary>
    private void StartShard(string shard)
    {
        if (_handingOff.Contains(shard)) return;
        if (!_shards.TryGetValue(shard, out var actor))
        {
            actor = Context.Watch(Context.ActorOf(
                Shard.Props(_typeName, shard, _entityProps, _settings, _extractor, _handOffStopMessage), Uri.EscapeDataString(shard)));
            _shards[shard] = actor;
            _shardIds[actor] = shard;
        }

        foreach (var (message, sender) in _buffers.Take(shard)) actor.Tell(message, sender);
    }

    /// <summary>From now on messages for the shard wait.</summary>
    private void Forget(string shard) => _homes.Remove(shard);

    /// <summary>
    /// What other nodes have sent on to here since the hand-off began is dropped: it would come after later messages that wait there.
    /// </summary>
    private void OnHandOff(string shard)
    {
        Forget(shard);
        foreach (var (message, sender) in _buffers.TakeOfOthers(shard, Context.System.DeadLetters))
        {
            _log.Debug("{0}: a message for shard [{1}] came too late to be handed off; it is dropped", _typeName, shard);
            Context.System.DeadLetters.Tell(new DeadLetter(message, sender, Self), Self);
        }

        if (_shards.TryGetValue(shard, out var actor))
        {
            _handingOff.Add(shard);
            actor.Tell(new HandOff(shard), Sender);
        }
        else
        {
            Sender.Tell(new ShardStopped(shard));
        }
    }

    private void OnShardStopped(IActorRef actor)
    {
        _shardIds.Remove(actor, out var shard);
        _shards.Remove(shard);
        var wasHandedOff = _handingOff.Remove(shard);
        if (IsHere(shard))
        {
            // Given back to this region while it was stopping; or it has failed.
            if (wasHandedOff) StartShard(shard);
            else Timers.StartSingleTimer(new RestartShard(shard), new RestartShard(shard), _settings.TuningParameters.ShardFailureBackoff);
        }
        else if (_buffers.Has(shard) && !_homes.ContainsKey(shard))
        {
            _coordinator?.Tell(new GetShardHome(shard));
        }

        TryFinishShutdown();
    }
}
