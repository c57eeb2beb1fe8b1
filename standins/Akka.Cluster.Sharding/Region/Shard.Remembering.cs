using Akka.Actor;
using Akka.Cluster.Sharding.Storage;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Region;

/// <summary>Entities that run wherever the shard does, whether or not they are told anything.</summary>
internal sealed partial class Shard
{
    private readonly List<Entity> _toRemember = [];
    private readonly List<Entity> _toForget = [];
    private readonly Queue<Entity> _toStart = new();
    private IActorRef _store = ActorRefs.Nobody;
    private List<Entity> _inStore;

    private void BeginRecovery()
    {
        _store = Context.Watch(Context.ActorOf(RememberedEntitiesStore.Props($"/sharding/{_typeName}Shard/{_shardId}", _settings), "=store"));   // No entity has that name: theirs are escaped.
        Become(WhileRecovering);
    }

    private void WhileRecovering(object message)
    {
        switch (message)
        {
            case Recovered { State: RememberedEntities remembered }:
                Become(OnReceive);
                foreach (var id in remembered.Entities)
                {
                    _entities[id] = new Entity(id) { Phase = Phase.Ended };
                    _toStart.Enqueue(_entities[id]);
                }

                StartMore();
                Stash.UnstashAll();
                break;
            case HandOff:
                _handOffAskers.Add(Sender);
                Context.Stop(Self);
                break;
            case Terminated lost:
                OnTerminated(lost.ActorRef);
                break;
            default:
                Stash.Stash();
                break;
        }
    }

    /// <summary>All at once, or some at a time.</summary>
    private void StartMore()
    {
        var tuning = _settings.TuningParameters;
        var isConstant = tuning.EntityRecoveryStrategy == "constant";
        var most = isConstant ? tuning.EntityRecoveryConstantRateStrategyNumberOfEntities : int.MaxValue;
        for (var started = 0; started < most && _toStart.TryDequeue(out var entity); started++)
        {
            if (entity.Phase == Phase.Ended) StartActor(entity);
        }

        if (_toStart.Count > 0) Timers.StartSingleTimer(Tick.StartMore, Tick.StartMore, tuning.EntityRecoveryConstantRateStrategyFrequency);
    }

    private void Remember(Entity entity)
    {
        entity.Phase = Phase.Remembering;
        _toRemember.Add(entity);
        StoreNext();
    }

    private void Unremember(Entity entity)
    {
        entity.Phase = Phase.Forgetting;
        _toForget.Add(entity);
        StoreNext();
    }

    /// <summary>Everything that has come up while the store was busy goes there together.</summary>
    private void StoreNext()
    {
        if (_inStore is not null || _toRemember.Count + _toForget.Count == 0) return;
        var events = new List<object>();
        if (_toRemember.Count > 0) events.Add(new EntitiesStarted([.. _toRemember.Select(entity => entity.Id)]));
        if (_toForget.Count > 0) events.Add(new EntitiesStopped([.. _toForget.Select(entity => entity.Id)]));
        _inStore = [.. _toRemember, .. _toForget];
        _toRemember.Clear();
        _toForget.Clear();
        _store.Tell(new Store(events));
    }

    private void OnStored()
    {
        var done = _inStore;
        _inStore = null;
        foreach (var entity in done)
        {
            if (entity.Phase == Phase.Remembering) StartActor(entity);
            else if (entity.Waiting.Count > 0) Remember(entity);   // It was told something while it was being forgotten.
            else _entities.Remove(entity.Id);
        }

        StoreNext();
    }
}
