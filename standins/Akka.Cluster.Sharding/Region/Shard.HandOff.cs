using Akka.Actor;
using Akka.Event;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Region;

/// <summary>The end of a shard on this node.</summary>
internal sealed partial class Shard
{
    /// <summary>What is on its way into the store is finished first: who was forgotten here must not come back elsewhere.</summary>
    private void HandOffOnceStored()
    {
        if (_handOffAskers.Count > 0 && _inStore is null) BeginHandOff();
    }

    private void BeginHandOff()
    {
        // What waits for an entity goes back to the region, which holds it until the shard has its new place.
        foreach (var (message, sender) in _entities.Values.SelectMany(entity => entity.Waiting)) Context.Parent.Tell(message, sender);
        foreach (var entity in _byActor.Values.Where(entity => entity.Phase == Phase.Running)) entity.Actor.Tell(_handOffStopMessage);
        if (_byActor.Count == 0)
        {
            Context.Stop(Self);
            return;
        }

        Become(WhileHandingOff);
        Timers.StartSingleTimer(Tick.HandOffIsLate, Tick.HandOffIsLate, _settings.TuningParameters.HandOffTimeout);
    }

    private void WhileHandingOff(object message)
    {
        switch (message)
        {
            case Terminated lost:
                if (_byActor.Remove(lost.ActorRef) && _byActor.Count == 0) Context.Stop(Self);
                break;
            case HandOff:
                _handOffAskers.Add(Sender);
                break;
            case Tick.HandOffIsLate:
                _log.Warning(
                    "{0}: {1} entities of shard [{2}] have not stopped by themselves within handoff-timeout = {3}; they are stopped",
                    _typeName, _byActor.Count, _shardId, _settings.TuningParameters.HandOffTimeout);
                foreach (var entity in _byActor.Keys) Context.Stop(entity);
                break;
            case GetShardState or Passivate or Storage.Stored or RestartEntity or Tick:
                break;   // It is too late for these.
            default:
                Context.Parent.Tell(message, Sender);
                break;
        }
    }
}
