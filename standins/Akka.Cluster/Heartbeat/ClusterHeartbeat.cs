using System.Collections.Immutable;
using Akka.Actor;
using Akka.Dispatch;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

/// <summary>Answers the heartbeats of others.</summary>
internal sealed class ClusterHeartbeatReceiver : UntypedActor, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly UniqueAddress _self;

    public ClusterHeartbeatReceiver(Cluster cluster)
    {
        _self = cluster.SelfUniqueAddress;
    }

    protected override void OnReceive(object message)
    {
        if (message is Heartbeat heartbeat) Sender.Tell(new HeartbeatRsp(_self, heartbeat.Sequence));
        else Unhandled(message);
    }
}

/// <summary>Asks those whom this node watches for heartbeats, and hands the answers to the failure detector.</summary>
internal sealed class ClusterHeartbeatSender : UntypedActor, IWithTimers, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly Cluster _cluster;
    private readonly UniqueAddress _self;
    private readonly string[] _receiverPath = ["system", "cluster", "heartbeatReceiver"];
    private ImmutableHashSet<UniqueAddress> _receivers = [];
    private HeartbeatRing _ring;
    private long _sequence;

    public ClusterHeartbeatSender(Cluster cluster)
    {
        _cluster = cluster;
        _self = cluster.SelfUniqueAddress;
        _ring = new HeartbeatRing([], [], cluster.Settings.MonitoredByNrOfMembers);
    }

    public ITimerScheduler Timers { get; set; }

    protected override void PreStart()
    {
        Context.Parent.Tell(new Subscribe(Self, ClusterEvent.InitialStateAsEvents, [typeof(ClusterEvent.StateChanged)]));
        Timers.StartPeriodicTimer(nameof(SendTick), SendTick.Instance, _cluster.Settings.HeartbeatInterval);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SendTick:
                foreach (var node in _receivers) Send(node);
                break;
            case HeartbeatRsp rsp when _receivers.Contains(rsp.From):
                _cluster.FailureDetector.Heartbeat(rsp.From.Address);
                break;
            case HeartbeatRsp:
                break;   // Of an incarnation that is no member, or is watched no longer.
            case ExpectedFirst first when _receivers.Contains(first.From) && !_cluster.FailureDetector.IsMonitoring(first.From.Address):
                _cluster.FailureDetector.Heartbeat(first.From.Address);   // From here on its silence counts.
                break;
            case ExpectedFirst:
                break;
            case ClusterEvent.StateChanged changed:
                Follow(changed.State);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Follow(MembershipState state)
    {
        if (state.SelfMember is null)
        {
            _receivers = [];
            return;
        }

        _ring = new HeartbeatRing([.. state.Gossip.Members.Keys], [.. state.UnreachableMembers.Select(member => member.UniqueAddress)], _ring.MonitoredBy);
        // Whom this node itself called unreachable it goes on asking: nobody else can take that back.
        var receivers = _ring.ReceiversOf(_self).Union(state.Gossip.Reachability.AllUnreachableFrom(_self)).Intersect(_ring.Nodes);
        foreach (var node in _receivers.Except(receivers)) _cluster.FailureDetector.Remove(node.Address);
        var added = receivers.Except(_receivers);
        _receivers = receivers;
        foreach (var node in added)
        {
            Send(node);
            Timers.StartSingleTimer(node, new ExpectedFirst(node), _cluster.Settings.HeartbeatExpectedResponseAfter);
        }
    }

    private void Send(UniqueAddress node) =>
        Context.ActorSelection(new RootActorPath(node.Address) / _receiverPath).Tell(new Heartbeat(_self.Address, ++_sequence), Self);

    private sealed class SendTick
    {
        public static readonly SendTick Instance = new();
    }

    private sealed record ExpectedFirst(UniqueAddress From);
}
