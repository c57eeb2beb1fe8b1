using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding.Storage;
using Akka.Event;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Region;

/// <summary>Some of the entities of a type: starts each at its first message, and stops all when it is handed off.</summary>
internal sealed partial class Shard : UntypedActor, IWithUnboundedStash, IWithTimers
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly string _typeName;
    private readonly string _shardId;
    private readonly Func<string, Props> _entityProps;
    private readonly ClusterShardingSettings _settings;
    private readonly IMessageExtractor _extractor;
    private readonly object _handOffStopMessage;
    private readonly Dictionary<string, Entity> _entities = [];
    private readonly Dictionary<IActorRef, Entity> _byActor = [];
    private readonly HashSet<IActorRef> _handOffAskers = [];

    public Shard(
        string typeName, string shardId, Func<string, Props> entityProps, ClusterShardingSettings settings, IMessageExtractor extractor, object handOffStopMessage)
    {
        _typeName = typeName;
        _shardId = shardId;
        _entityProps = entityProps;
        _settings = settings;
        _extractor = extractor;
        _handOffStopMessage = handOffStopMessage;
    }

    private enum Tick
    {
        FindIdle,
        StartMore,
        HandOffIsLate,
    }

    public IStash Stash { get; set; }

    public ITimerScheduler Timers { get; set; }

    public static Props Props(
        string typeName, string shardId, Func<string, Props> entityProps, ClusterShardingSettings settings, IMessageExtractor extractor, object handOffStopMessage) =>
        Actor.Props.CreateBy(new Producer(() => new Shard(typeName, shardId, entityProps, settings, extractor, handOffStopMessage)));

    protected override void PreStart()
    {
        if (_settings.ShouldPassivateIdleEntities) Timers.StartPeriodicTimer(Tick.FindIdle, Tick.FindIdle, _settings.PassivateIdleEntityAfter / 2);
        if (_settings.RememberEntities) BeginRecovery();
    }

    /// <summary>Only now, with all children ended, may the shard begin elsewhere.</summary>
    protected override void PostStop()
    {
        foreach (var asker in _handOffAskers) asker.Tell(new ShardStopped(_shardId));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated lost:
                OnTerminated(lost.ActorRef);
                break;
            case Passivate passivate:
                if (_byActor.TryGetValue(Sender, out var leaving)) BeginPassivation(leaving, passivate.StopMessage);
                else _log.Debug("{0}: [{1}], which is no entity of shard [{2}], asks to be passivated", _typeName, Sender, _shardId);
                break;
            case HandOff:
                _handOffAskers.Add(Sender);
                HandOffOnceStored();
                break;
            case GetShardState:
                Sender.Tell(new ShardState(_shardId, _byActor.Values.Select(entity => entity.Id).ToImmutableHashSet()));
                break;
            case Tick.FindIdle:
                PassivateIdle();
                break;
            case Stored:
                OnStored();
                HandOffOnceStored();
                break;
            case RestartEntity restart:
                if (_entities.TryGetValue(restart.Entity, out var ended) && ended.Phase == Phase.Ended) StartActor(ended);
                break;
            case Tick.StartMore:
                StartMore();
                break;
            default:
                Deliver(message, Sender);
                break;
        }
    }

    private void Deliver(object message, IActorRef sender)
    {
        var id = _extractor.EntityId(message);
        if (!_entities.TryGetValue(id, out var entity))
        {
            _entities[id] = entity = new Entity(id);
            Begin(entity);
        }
        else if (entity.Phase == Phase.Ended)
        {
            StartActor(entity);
        }

        if (entity.Phase == Phase.Running) Tell(entity, message, sender);
        else entity.Waiting.Enqueue((message, sender));
    }

    private void Tell(Entity entity, object message, IActorRef sender)
    {
        entity.LastToldAt = Environment.TickCount64;
        if (message is ShardRegion.StartEntity) sender.Tell(new ShardRegion.StartEntityAck(entity.Id, _shardId));
        else entity.Actor.Tell(_extractor.EntityMessage(message), sender);
    }

    /// <summary>An entity that is remembered runs when that is durable.</summary>
    private void Begin(Entity entity)
    {
        if (_settings.RememberEntities) Remember(entity);
        else StartActor(entity);
    }

    private void StartActor(Entity entity)
    {
        entity.Actor = Context.Watch(Context.ActorOf(_entityProps(entity.Id), Uri.EscapeDataString(entity.Id)));
        entity.Phase = Phase.Running;
        entity.LastToldAt = Environment.TickCount64;
        _byActor[entity.Actor] = entity;
        while (entity.Waiting.TryDequeue(out var waiting)) Tell(entity, waiting.Message, waiting.Sender);
    }

    private void BeginPassivation(Entity entity, object stopMessage)
    {
        if (entity.Phase != Phase.Running) return;
        entity.Phase = Phase.Passivating;
        entity.Actor.Tell(stopMessage);
    }

    private void PassivateIdle()
    {
        var before = Environment.TickCount64 - (long)_settings.PassivateIdleEntityAfter.TotalMilliseconds;
        foreach (var entity in _byActor.Values.Where(entity => entity.Phase == Phase.Running && entity.LastToldAt < before).ToList())
            BeginPassivation(entity, _handOffStopMessage);
    }

    private void OnTerminated(IActorRef actor)
    {
        if (actor.Equals(_store)) throw new InvalidOperationException($"The store of the remembered entities of shard [{_shardId}] of {_typeName} has stopped.");
        if (!_byActor.Remove(actor, out var entity)) return;
        entity.Actor = null;
        if (entity.Phase == Phase.Passivating && entity.Waiting.Count > 0) StartActor(entity);
        else if (!_settings.RememberEntities) _entities.Remove(entity.Id);
        else if (entity.Phase == Phase.Passivating) Unremember(entity);
        else RestartLater(entity);
    }

    /// <summary>A remembered entity that has ended by itself comes back, at the latest with its next message.</summary>
    private void RestartLater(Entity entity)
    {
        entity.Phase = Phase.Ended;
        var restart = new RestartEntity(entity.Id);
        Timers.StartSingleTimer(restart, restart, _settings.TuningParameters.EntityRestartBackoff);
    }

    private enum Phase
    {
        /// <summary>It is being made durable that it is to run.</summary>
        Remembering,
        Running,

        /// <summary>It has been told to stop, as it wished.</summary>
        Passivating,

        /// <summary>It is being made durable that it is not to run.</summary>
        Forgetting,

        /// <summary>It has ended without having asked.</summary>
        Ended,
    }

    private sealed record RestartEntity(string Entity) : INoSerializationVerificationNeeded;

    private sealed class Entity(string id)
    {
        public string Id { get; } = id;

        public IActorRef Actor { get; set; }

        public Phase Phase { get; set; }

        public long LastToldAt { get; set; }

        /// <summary>As they came, extracted when they are told.</summary>
        public Queue<(object Message, IActorRef Sender)> Waiting { get; } = new(0);
    }

    private sealed class Producer(Func<Shard> produce) : IIndirectActorProducer
    {
        public Type ActorType => typeof(Shard);

        public ActorBase Produce() => produce();

        public void Release(ActorBase actor)
        {
        }
    }
}
