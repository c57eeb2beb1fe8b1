using Akka.Actor;
using Akka.Cluster.Sharding.Region;
using Akka.Event;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding;

/// <summary>
/// What a node's actors tell messages to that are for the entities of a type. It knows, or asks the coordinator, where the shard of each is;
/// it hosts shards itself unless it is a proxy, and holds messages for those whose place is not known.
/// </summary>
public sealed partial class ShardRegion : UntypedActor, IWithTimers
{
    private const string CoordinatorQuestion = "coordinator";

    private static readonly TimeSpan FirstRegisterRetry = TimeSpan.FromMilliseconds(100);

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly string _typeName;
    private readonly Func<string, Props> _entityProps;
    private readonly ClusterShardingSettings _settings;
    private readonly IMessageExtractor _extractor;
    private readonly object _handOffStopMessage;
    private readonly IReadOnlyList<string> _coordinatorElements;
    private readonly TaskCompletionSource<Done> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IActorRef _coordinator;
    private TimeSpan _registerRetry = FirstRegisterRetry;
    private bool _isShuttingDown;

    /// <param name="entityProps">Null for a proxy.</param>
    internal ShardRegion(
        string typeName, Func<string, Props> entityProps, ClusterShardingSettings settings, IMessageExtractor extractor, object handOffStopMessage)
    {
        _typeName = typeName;
        _entityProps = entityProps;
        _settings = settings;
        _extractor = new ExtractorAdapter(extractor);
        _handOffStopMessage = handOffStopMessage;
        _coordinatorElements = [.. Self.Path.Parent.Elements, ClusterShardingGuardian.CoordinatorNameOf(typeName), "singleton", "coordinator"];
        _buffers = new MessageBuffers(settings.TuningParameters.BufferSize);
    }

    private enum Tick
    {
        Register,
        Retry,
    }

    public ITimerScheduler Timers { get; set; }

    private bool IsProxy => _entityProps is null;

    internal static Props Props(
        string typeName, Func<string, Props> entityProps, ClusterShardingSettings settings, IMessageExtractor extractor, object handOffStopMessage) =>
        Actor.Props.CreateBy(new RegionProducer(typeName, entityProps, settings, extractor, handOffStopMessage)).WithDeploy(Deploy.Local);

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Retry, Tick.Retry, _settings.TuningParameters.RetryInterval);
        var self = Self;
        _cluster.RegisterOnMemberUp(() => self.Tell(Tick.Register, ActorRefs.NoSender));
        if (!IsProxy) HandOffBeforeLeaving();
        Register();
    }

    protected override void PostStop()
    {
        _stopped.TrySetResult(Done.Instance);
        _buffers.DropAll(Context.System.DeadLetters);
    }

    /// <summary>A shard that fails is stopped and, after a while, started anew.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated lost:
                OnTerminated(lost);
                break;
            case RegisterAck or RegisterAgain or ShardHome or HostShard or BeginHandOff or HandOff or Tick or RestartShard or ActorIdentity:
                OnOrder(message);
                break;
            case GracefulShutdown:
                BeginShutdown();
                break;
            case IShardRegionQuery query:
                OnQuery(query);
                break;
            default:
                Deliver(message, Sender);
                break;
        }
    }

    private void OnOrder(object message)
    {
        switch (message)
        {
            case ShardHome home when IsByCoordinator:
                OnShardHome(home.Shard, home.Region);
                break;
            case HostShard host when IsByCoordinator:
                OnHostShard(host.Shard);
                break;
            case BeginHandOff begin:
                Forget(begin.Shard);
                Sender.Tell(new BeginHandOffAck(begin.Shard));
                break;
            case HandOff handOff:
                OnHandOff(handOff.Shard);
                break;
            case RegisterAck ack:
                OnRegistered(ack.Coordinator);
                break;
            case RegisterAgain:
                LoseCoordinator();
                PresentTo(Sender);
                break;
            case ActorIdentity { MessageId: CoordinatorQuestion } identity:
                if (_coordinator is null && identity.Subject is { } found) PresentTo(found);
                break;
            case Tick.Register:
                Register();
                break;
            case Tick.Retry:
                if (_coordinator is not null) AskForAll();
                break;
            case RestartShard restart:
                if (IsHere(restart.Shard)) StartShard(restart.Shard);
                break;
            default:
                _log.Debug("{0}: [{1}] is not by the coordinator of now", _typeName, message);
                break;
        }
    }

    /// <summary>Orders of a coordinator that another one has succeeded would give a shard two places.</summary>
    private bool IsByCoordinator => _coordinator is not null && _coordinator.Equals(Sender);

    /// <summary>
    /// Looks for the coordinator on the members that may run it: the oldest, or those that follow it. They are asked for the actor, and
    /// only it is told more: a member without sharding could not read that.
    /// </summary>
    private void Register()
    {
        if (_coordinator is not null) return;
        var oldest = _cluster.State.Members
            .Where(member => member.Status is not (MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Removed))
            .Where(member => _settings.Role is null || member.HasRole(_settings.Role))
            .Order(Member.AgeOrdering).Take(3);
        foreach (var member in oldest) Context.ActorSelection(new RootActorPath(member.Address) / _coordinatorElements).Tell(new Identify(CoordinatorQuestion), Self);
        Timers.StartSingleTimer(Tick.Register, Tick.Register, _registerRetry);
        _registerRetry = _registerRetry + _registerRetry < _settings.TuningParameters.RetryInterval
            ? _registerRetry + _registerRetry
            : _settings.TuningParameters.RetryInterval;
    }

    private void PresentTo(IActorRef coordinator) =>
        coordinator.Tell(IsProxy ? new RegisterProxy(Self) : new Register(Self, [.. _shards.Keys]));

    private void OnRegistered(IActorRef coordinator)
    {
        if (_coordinator is not null && !_coordinator.Equals(coordinator)) Context.Unwatch(_coordinator);
        _coordinator = Context.Watch(coordinator);
        _registerRetry = FirstRegisterRetry;
        Timers.Cancel(Tick.Register);
        AskForAll();
    }

    private void LoseCoordinator()
    {
        if (_coordinator is not null) Context.Unwatch(_coordinator);
        _coordinator = null;
        _registerRetry = FirstRegisterRetry;
        Register();
    }

    private void AskForAll()
    {
        foreach (var shard in _buffers.Shards)
        {
            if (!_homes.ContainsKey(shard)) _coordinator.Tell(new GetShardHome(shard));
        }

        if (_isShuttingDown) _coordinator.Tell(new GracefulShutdownRequest(Self));
    }

    private void OnTerminated(Terminated lost)
    {
        if (lost.ActorRef.Equals(_coordinator))
        {
            LoseCoordinator();
        }
        else if (_shardIds.ContainsKey(lost.ActorRef))
        {
            OnShardStopped(lost.ActorRef);
        }
        else
        {
            foreach (var shard in _homes.Where(home => home.Value.Equals(lost.ActorRef)).Select(home => home.Key).ToList()) _homes.Remove(shard);
        }
    }

    private void HandOffBeforeLeaving()
    {
        var (self, cluster, stopped) = (Self, _cluster, _stopped);
        CoordinatedShutdown.Get(Context.System).AddTask(CoordinatedShutdown.PhaseClusterShardingShutdownRegion, $"region-shutdown-{Self.Path.Name}", () =>
        {
            if (cluster.IsTerminated || cluster.SelfMember.Status is MemberStatus.Down or MemberStatus.Removed) return Task.FromResult(Done.Instance);
            self.Tell(GracefulShutdown.Instance, ActorRefs.NoSender);
            return stopped.Task;
        });
    }

    private void BeginShutdown()
    {
        _isShuttingDown = true;
        _coordinator?.Tell(new GracefulShutdownRequest(Self));
        TryFinishShutdown();
    }

    private void TryFinishShutdown()
    {
        if (_isShuttingDown && _shards.Count == 0 && _buffers.Count == 0) Context.Stop(Self);
    }

    private sealed record RestartShard(string Shard) : INoSerializationVerificationNeeded;

    /// <summary>Starts an entity without telling it anything. Answered by <see cref="StartEntityAck"/>.</summary>
    public sealed class StartEntity(string entityId) : IClusterShardingSerializable
    {
        public string EntityId { get; } = entityId;
    }

    public sealed class StartEntityAck(string entityId, string shardId) : IClusterShardingSerializable
    {
        public string EntityId { get; } = entityId;

        public string ShardId { get; } = shardId;
    }

    private sealed class RegionProducer(
        string typeName, Func<string, Props> entityProps, ClusterShardingSettings settings, IMessageExtractor extractor, object handOffStopMessage) : IIndirectActorProducer
    {
        public Type ActorType => typeof(ShardRegion);

        public ActorBase Produce() => new ShardRegion(typeName, entityProps, settings, extractor, handOffStopMessage);

        public void Release(ActorBase actor)
        {
        }
    }
}
