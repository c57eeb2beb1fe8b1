using Akka.Actor;
using Akka.Cluster.Sharding.Storage;
using Akka.Event;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Coordination;

/// <summary>
/// Knows which region has which shard, of all regions of one type. There is one in a cluster. It first learns what the one before it
/// knew: from its journal, or by asking the region of every member; nothing is allocated before that.
/// </summary>
internal sealed partial class ShardCoordinator : UntypedActor, IWithUnboundedStash, IWithTimers
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(500);

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly string _typeName;
    private readonly ClusterShardingSettings _settings;
    private readonly IShardAllocationStrategy _strategy;
    private readonly HashSet<UniqueAddress> _unheard = [];
    private readonly HashSet<IActorRef> _alive = [];
    private readonly HashSet<IActorRef> _proxies = [];
    private readonly HashSet<string> _remembered = [];
    private IActorRef _store = ActorRefs.Nobody;
    private CoordinatorState _state = CoordinatorState.Empty;
    private Action _afterStored;
    private bool _hasAsked;

    public ShardCoordinator(string typeName, ClusterShardingSettings settings, IShardAllocationStrategy strategy)
    {
        _typeName = typeName;
        _settings = settings;
        _strategy = strategy;
    }

    private enum Tick
    {
        AskAgain,
        Rebalance,
    }

    public IStash Stash { get; set; }

    public ITimerScheduler Timers { get; set; }

    private bool JournalsAll => _settings.StateStoreMode == StateStoreMode.Persistence;

    private bool JournalsShards => !JournalsAll && _settings.RememberEntities;

    public static Props Props(string typeName, ClusterShardingSettings settings, IShardAllocationStrategy strategy) =>
        Actor.Props.Create(() => new ShardCoordinator(typeName, settings, strategy));

    protected override void PreStart()
    {
        if (_strategy is IStartableAllocationStrategy startable) startable.Start();
        if (_strategy is IActorSystemDependentAllocationStrategy dependent) dependent.Start(Context.System);
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsSnapshot, typeof(ClusterEvent.MemberRemoved));
        var persistenceId = $"/sharding/{_typeName}Coordinator";
        if (JournalsAll) _store = Context.Watch(Context.ActorOf(CoordinatorStore.Props(persistenceId, _settings), "store"));
        else if (JournalsShards) _store = Context.Watch(Context.ActorOf(RememberedShardsStore.Props(persistenceId, _settings), "store"));
        if (_store.IsNobody()) BeginAsking();
        else Become(WhileRecovering);
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message) => throw new InvalidOperationException("PreStart has chosen a behaviour.");

    private void WhileRecovering(object message)
    {
        switch (message)
        {
            case Recovered { State: CoordinatorState state }:
                _state = state;
                BeginActive();
                break;
            case Recovered { State: RememberedShards remembered }:
                _remembered.UnionWith(remembered.Shards);
                BeginAsking();
                break;
            case Terminate:
                Context.Stop(Self);
                break;
            case Terminated lost when lost.ActorRef.Equals(_store):
                Context.Stop(Self);   // The supervisor starts another one after a while.
                break;
            default:
                Stash.Stash();
                break;
        }
    }

    /// <summary>Asks every member whether it has a region, and every region for its shards.</summary>
    private void BeginAsking()
    {
        Become(WhileAsking);
        Stash.UnstashAll();   // The state of the cluster came while the journal was read.
        Timers.StartPeriodicTimer(Tick.AskAgain, Tick.AskAgain, AskAgainAfter);
    }

    private void WhileAsking(object message)
    {
        switch (message)
        {
            case ClusterEvent.CurrentClusterState now:
                _hasAsked = true;
                _unheard.UnionWith(now.Members.Where(member => _settings.Role is null || member.HasRole(_settings.Role)).Select(member => member.UniqueAddress));
                Ask();
                break;
            case Tick.AskAgain:
                Ask();
                return;
            case ClusterEvent.MemberRemoved removed:
                _unheard.Remove(removed.Member.UniqueAddress);
                break;
            case ActorIdentity { MessageId: string asked } identity:
                if (identity.Subject is { } region) region.Tell(RegisterAgain.Instance);
                else _unheard.RemoveWhere(node => node.ToString() == asked);
                break;
            case Register register:
                if (!IsMember(register.Region)) return;
                Adopt(register);
                var address = AddressOf(register.Region);
                _unheard.RemoveWhere(node => node.Address.Equals(address));
                break;
            case Terminated lost when lost.ActorRef.Equals(_store):
            case Terminate:
                Context.Stop(Self);
                return;
            default:
                Stash.Stash();
                return;
        }

        if (!_hasAsked || _unheard.Count > 0) return;
        Timers.Cancel(Tick.AskAgain);
        BeginActive();
    }

    private void Ask()
    {
        foreach (var node in _unheard) Context.ActorSelection(new RootActorPath(node.Address) / RegionElements).Tell(new Identify(node.ToString()));
    }

    /// <summary>Where the regions of this type are, on every node.</summary>
    private IReadOnlyList<string> RegionElements => Self.Path.Parent.Parent.Parent.Elements is var guardian
        ? [.. guardian, ClusterShardingGuardian.NameOf(_typeName)]
        : [];

    /// <summary>While nothing is journaled: what a region says it has, it has.</summary>
    private void Adopt(Register register)
    {
        foreach (var @event in EventsOf(register)) _state = _state.Apply(@event);
        Accept(register.Region);
    }

    /// <summary>A region that is new, and shards that it has and the state does not know.</summary>
    private IEnumerable<ICoordinatorEvent> EventsOf(Register register)
    {
        if (!_state.Regions.ContainsKey(register.Region)) yield return new RegionRegistered(register.Region);
        foreach (var shard in register.Shards)
        {
            if (!_state.Shards.TryGetValue(shard, out var home)) yield return new ShardHomeAllocated(shard, register.Region);
            else if (!home.Equals(register.Region)) TakeBack(shard, register.Region, home);
        }
    }

    /// <summary>Of two that claim a shard the one in the state keeps it.</summary>
    private void TakeBack(string shard, IActorRef claimant, IActorRef home)
    {
        _log.Warning("{0}: shard [{1}] is at [{2}]; [{3}] has it too and is told to stop it", _typeName, shard, home, claimant);
        claimant.Tell(new HandOff(shard));
    }

    private void Accept(IActorRef region)
    {
        Context.Watch(region);
        _alive.Add(region);
        region.Tell(new RegisterAck(Self));
    }

    /// <summary>Makes events durable if need be, applies them, and goes on; other messages wait meanwhile.</summary>
    private void Update(IReadOnlyList<ICoordinatorEvent> events, Action then)
    {
        IReadOnlyList<object> journaled = JournalsAll
            ? events
            : JournalsShards
                ? [.. events.OfType<ShardHomeAllocated>().Where(each => _remembered.Add(each.Shard)).Select(each => new ShardRemembered(each.Shard))]
                : [];
        if (journaled.Count == 0)
        {
            Apply();
            return;
        }

        if (_afterStored is not null) throw new InvalidOperationException("The coordinator goes by one message at a time while it stores.");
        _afterStored = Apply;
        _store.Tell(new Store(journaled));
        BecomeStacked(WhileStoring);

        void Apply()
        {
            foreach (var @event in events) _state = _state.Apply(@event);
            then();
        }
    }

    private void WhileStoring(object message)
    {
        switch (message)
        {
            case Stored:
                var after = _afterStored;
                _afterStored = null;
                UnbecomeStacked();
                after();
                Stash.UnstashAll();
                break;
            case Terminated lost when lost.ActorRef.Equals(_store):
            case Terminate:
                Context.Stop(Self);
                break;
            default:
                Stash.Stash();
                break;
        }
    }

    private bool IsMember(IActorRef region) => AddressOf(region) is var address && _cluster.State.Members.Any(member => member.Address.Equals(address));

    private Address AddressOf(IActorRef region) => region.Path.Address.HasLocalScope ? _cluster.SelfAddress : region.Path.Address;
}
