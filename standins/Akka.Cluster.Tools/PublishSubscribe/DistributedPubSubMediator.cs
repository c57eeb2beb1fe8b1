using System.Collections.Immutable;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>
/// Passes messages by topic or path to actors on any node. Each node's mediator knows its own subscribers, and of the others only
/// which keys they have somebody under; it learns that at once from who changes it, and from rounds of gossip what it missed.
/// </summary>
public sealed class DistributedPubSubMediator : UntypedActor, IWithTimers, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly DistributedPubSubSettings _settings;
    private readonly Registry _registry;
    private readonly Dictionary<string, List<IActorRef>> _local = [];
    private ImmutableHashSet<UniqueAddress> _members = [];
    private long _turn;

    public DistributedPubSubMediator(DistributedPubSubSettings settings)
    {
        _settings = settings;
        _registry = new Registry(_cluster.SelfUniqueAddress);
    }

    public ITimerScheduler Timers { get; set; }

    public static Props Props(DistributedPubSubSettings settings) =>
        Actor.Props.Create(() => new DistributedPubSubMediator(settings)).WithDeploy(Deploy.Local);

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.StateChanged));
        Timers.StartPeriodicTimer(nameof(GossipTick), GossipTick.Instance, _settings.GossipInterval);
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Publish publish:
                PublishToAll(publish);
                break;
            case Send send:
                DeliverToOne(RegistryKey.Path(send.Path), send.Message, send.LocalAffinity, send);
                break;
            case SendToAll send:
                DeliverToAll(RegistryKey.Path(send.Path), send.Message, !send.ExcludeSelf, send);
                break;
            case Relay relay:
                DeliverHere(relay.Key, relay.ToOne, relay.Message);
                break;
            case Subscribe subscribe:
                Add(RegistryKey.Topic(subscribe.Topic, subscribe.Group), subscribe.Ref);
                Sender.Tell(new SubscribeAck(subscribe));
                break;
            case Unsubscribe unsubscribe:
                Take(RegistryKey.Topic(unsubscribe.Topic, unsubscribe.Group), unsubscribe.Ref);
                Sender.Tell(new UnsubscribeAck(unsubscribe));
                break;
            case Put put:
                Add(RegistryKey.Path(put.Ref.Path.ToStringWithoutAddress()), put.Ref);
                break;
            case Remove remove:
                RemovePath(RegistryKey.Path(remove.Path));
                break;
            case GetTopics:
                Sender.Tell(new CurrentTopics(_registry.Topics));
                break;
            case Terminated terminated:
                foreach (var key in _local.Where(each => each.Value.Contains(terminated.ActorRef)).Select(each => each.Key).ToList()) Take(key, terminated.ActorRef);
                break;
            default:
                Gossip(message);
                break;
        }
    }

    private void Gossip(object message)
    {
        switch (message)
        {
            case GossipTick:
                GossipRound();
                break;
            case Status status:
                Answer(status);
                break;
            case Delta delta:
                _registry.Apply(delta, _members, Environment.TickCount64);
                break;
            case ClusterEvent.StateChanged changed:
                Follow(changed.State);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void PublishToAll(Publish publish)
    {
        if (!publish.SendOneMessageToEachGroup)
        {
            DeliverToAll(RegistryKey.Topic(publish.Topic, null), publish.Message, alsoHere: true, publish);
            return;
        }

        var groups = _registry.GroupsOf(publish.Topic).ToList();
        if (groups.Count == 0) NobodyThere(publish);
        foreach (var key in groups) DeliverToOne(key, publish.Message, prefersHere: false, publish);
    }

    private void DeliverToAll(string key, object message, bool alsoHere, object original)
    {
        var nodes = _registry.NodesWith(key);
        var delivered = false;
        foreach (var node in nodes)
        {
            if (node == _cluster.SelfUniqueAddress)
            {
                if (!alsoHere) continue;
                DeliverHere(key, toOne: false, message);
            }
            else
            {
                MediatorAt(node).Tell(new Relay(key, ToOne: false, message), Sender);
            }

            delivered = true;
        }

        if (!delivered) NobodyThere(original);
    }

    private void DeliverToOne(string key, object message, bool prefersHere, object original)
    {
        var nodes = _registry.NodesWith(key);
        if (nodes.Count == 0)
        {
            NobodyThere(original);
            return;
        }

        var chosen = prefersHere && nodes.Contains(_cluster.SelfUniqueAddress) ? _cluster.SelfUniqueAddress : Choose([.. nodes.Order()]);
        if (chosen == _cluster.SelfUniqueAddress) DeliverHere(key, toOne: true, message);
        else MediatorAt(chosen).Tell(new Relay(key, ToOne: true, message), Sender);
    }

    private void DeliverHere(string key, bool toOne, object message)
    {
        if (!_local.TryGetValue(key, out var actors)) return;   // They went while the message was under way.
        if (toOne) Choose(actors).Forward(message);
        else foreach (var actor in actors) actor.Forward(message);
    }

    private void NobodyThere(object original)
    {
        if (_settings.SendToDeadLettersWhenNoSubscribers) Context.System.DeadLetters.Tell(new DeadLetter(original, Sender, Self), Sender);
    }

    private T Choose<T>(IReadOnlyList<T> among) =>
        among[_settings.IsRoundRobin ? (int)(_turn++ % among.Count) : Random.Shared.Next(among.Count)];

    private void Add(string key, IActorRef actor)
    {
        if (!_local.TryGetValue(key, out var actors)) _local[key] = actors = [];
        if (actors.Contains(actor)) return;
        actors.Add(Context.Watch(actor));
        Announce(key, isPresent: true);
    }

    private void Take(string key, IActorRef actor)
    {
        if (!_local.TryGetValue(key, out var actors) || !actors.Remove(actor)) return;
        if (actors.Count == 0)
        {
            _local.Remove(key);
            Announce(key, isPresent: false);
        }

        if (!_local.Values.Any(others => others.Contains(actor))) Context.Unwatch(actor);
    }

    private void RemovePath(string key)
    {
        if (!_local.TryGetValue(key, out var actors)) return;
        foreach (var actor in actors.ToList()) Take(key, actor);
    }

    /// <summary>The others hear of it at once; whoever misses it learns it by gossip.</summary>
    private void Announce(string key, bool isPresent)
    {
        if (_registry.Set(key, isPresent, Environment.TickCount64) is not { } delta) return;
        foreach (var node in Others()) MediatorAt(node).Tell(delta, Self);
    }

    private void GossipRound()
    {
        _registry.Prune(Environment.TickCount64 - (long)_settings.RemovedTimeToLive.TotalMilliseconds);
        var others = Others().ToList();
        if (others.Count > 0) MediatorAt(others[Random.Shared.Next(others.Count)]).Tell(new Status(_registry.Versions, IsReply: false), Self);
    }

    private void Answer(Status status)
    {
        if (!Others().Any(node => node.Address.Equals(Sender.Path.Address))) return;
        var missing = _registry.Missing(status.Versions, _settings.MaxDeltaElements);
        if (!missing.Parts.IsEmpty) Sender.Tell(missing);
        if (!status.IsReply && _registry.IsBehind(status.Versions, _members)) Sender.Tell(new Status(_registry.Versions, IsReply: true));
    }

    private void Follow(MembershipState state)
    {
        ImmutableHashSet<UniqueAddress> members =
        [
            .. state.Members
                .Where(member => member.Status is not (MemberStatus.Joining or MemberStatus.Down) && (_settings.Role is null || member.HasRole(_settings.Role)))
                .Select(member => member.UniqueAddress),
        ];
        var (gone, come) = (_members.Except(members), members.Except(_members));
        _members = members;
        foreach (var node in gone.Where(node => node != _cluster.SelfUniqueAddress)) _registry.Forget(node);
        foreach (var node in come.Where(node => node != _cluster.SelfUniqueAddress)) MediatorAt(node).Tell(new Status(_registry.Versions, IsReply: false), Self);
    }

    private IEnumerable<UniqueAddress> Others() => _members.Where(node => node != _cluster.SelfUniqueAddress);

    private ActorSelection MediatorAt(UniqueAddress node) => Context.ActorSelection(new RootActorPath(node.Address) / Self.Path.Elements);

    private sealed class GossipTick
    {
        public static readonly GossipTick Instance = new();
    }
}
