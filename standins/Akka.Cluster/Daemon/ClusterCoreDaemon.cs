using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

/// <summary>
/// Holds the gossip of this node, and all that changes it: nodes that join, leave or are downed, what others gossip, what the
/// failure detector says, and, while this node leads, what the leader does.
/// </summary>
internal sealed partial class ClusterCoreDaemon : UntypedActor, IWithTimers, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly Cluster _cluster;
    private readonly IActorRef _publisher;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly UniqueAddress _self;
    private MembershipState _state;
    private bool _isExiting;

    public ClusterCoreDaemon(Cluster cluster, IActorRef publisher)
    {
        _cluster = cluster;
        _publisher = publisher;
        _self = cluster.SelfUniqueAddress;
        _state = new MembershipState(Gossip.Empty, _self);
        _minimum = new MinimumMembers(Settings.MinNrOfMembers, Settings.MinNrOfMembersOfRole);
    }

    public ITimerScheduler Timers { get; set; }

    private ClusterSettings Settings => _cluster.Settings;

    private Gossip Gossip => _state.Gossip;

    private static long NowMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    protected override void PreStart()
    {
        var delay = Settings.PeriodicTasksInitialDelay;
        Timers.StartPeriodicTimer(nameof(GossipTick), GossipTick.Instance, Min(delay, Settings.GossipInterval), Settings.GossipInterval);
        Timers.StartPeriodicTimer(nameof(LeaderTick), LeaderTick.Instance, Min(delay, Settings.LeaderActionsInterval), Settings.LeaderActionsInterval);
        Timers.StartPeriodicTimer(nameof(ReapTick), ReapTick.Instance, Min(delay, Settings.UnreachableNodesReaperInterval), Settings.UnreachableNodesReaperInterval);
        if (_cluster.DowningProvider.DowningActorProps is { } downing)
            Context.ActorOf(downing.WithDispatcher(Context.Props.Dispatcher), "downingProvider");
        if (Settings.SeedNodes.IsEmpty) LogInfo("No seed-nodes configured, manual cluster join required");
        else Self.Tell(new JoinSeedNodes(Settings.SeedNodes));
        Become(Outside);
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(e =>
    {
        _log.Error(e, "A part of the cluster node [{0}] has failed; it leaves the cluster.", _self.Address);
        _cluster.Shutdown();
        return Directive.Stop;
    });

    protected override void OnReceive(object message) => Unhandled(message);

    /// <summary>A member, of a cluster of one at least.</summary>
    private void Inside(object message)
    {
        switch (message)
        {
            case GossipEnvelope envelope:
                ReceiveGossip(envelope);
                break;
            case GossipStatus status:
                ReceiveStatus(status);
                break;
            case GossipTick:
                Gossiping();
                break;
            case LeaderTick:
                OnLeaderTick();
                break;
            case ReapTick:
                Reap();
                break;
            case InitJoin:
                Sender.Tell(_state.IsSelfDown || _isExiting ? new InitJoinNack(_self.Address) : new InitJoinAck(_self.Address));
                break;
            case Join join:
                LetIn(join);
                break;
            case Leave leave:
                LetGo(leave.Address);
                break;
            case Down down:
                MarkDown(down.Address);
                break;
            case ExitingConfirmed confirmed:
                Confirm(confirmed.Node);
                break;
            case ExitingCompleted:
                SayGoodbye();
                break;
            case JoinTo join when !_self.Address.Equals(join.Address):
                LogInfo("Trying to join [{0}] when already part of a cluster, ignoring", join.Address);
                break;
            case JoinTo or JoinSeedNodes or InitJoinAck or InitJoinNack or Welcome:
                break;   // Late: it is a member already.
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Changes what all are to know, tells some at once, and lets the leader act on it.</summary>
    private void Change(Gossip changed)
    {
        Take(changed.ChangedBy(_self));
        PassOn();
        LeaderActs();
    }

    /// <summary>Holds another gossip from here on.</summary>
    private void Take(Gossip gossip)
    {
        var before = _state;
        _state = new MembershipState(gossip, _self);
        foreach (var node in gossip.Members.Keys.Where(node => !before.Gossip.HasMember(node)).Concat(before.Gossip.Members.Keys.Where(node => !gossip.HasMember(node))))
        {
            if (node != _self) _cluster.FailureDetector.Remove(node.Address);
        }

        _publisher.Tell(new PublishChanges(_state));
        if (_state.SelfMember?.Status == MemberStatus.Exiting) BeginExit();
    }

    private void LetGo(Address address)
    {
        var member = Gossip.MemberAt(address);
        if (member?.Status is not (MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up)) return;
        LogInfo("Marked address [{0}] as [Leaving]", address);
        Change(Gossip.With(member.Copy(MemberStatus.Leaving)));
    }

    private void MarkDown(Address address)
    {
        var member = Gossip.MemberAt(address);
        if (member is null)
        {
            LogInfo("Ignoring down of unknown node [{0}]", address);
            return;
        }

        if (member.Status == MemberStatus.Down) return;
        _log.Info("Cluster Node [{0}] - Marking node [{1}] as [Down]", _self.Address, address);
        Change(Gossip.With(member.Copy(MemberStatus.Down)));
    }

    /// <summary>What the failure detector says of the members that this node watches becomes its opinion.</summary>
    private void Reap()
    {
        var reachability = Gossip.Reachability;
        foreach (var node in Gossip.Members.Keys.Where(node => node != _self))
        {
            var isAvailable = _cluster.FailureDetector.IsAvailable(node.Address);
            if (!isAvailable && reachability.IsReachable(_self, node))
            {
                _log.Warning("Cluster Node [{0}] - Marking node as UNREACHABLE [{1}]", _self.Address, Gossip.Members[node]);
                reachability = reachability.Unreachable(_self, node);
            }
            else if (isAvailable && !reachability.IsReachable(_self, node) && !reachability.IsTerminated(node))
            {
                _log.Info("Cluster Node [{0}] - Marking node as REACHABLE [{1}]", _self.Address, Gossip.Members[node]);
                reachability = reachability.Reachable(_self, node);
            }
        }

        if (!ReferenceEquals(reachability, Gossip.Reachability)) Change(Gossip with { Reachability = reachability });
    }

    private ActorSelection DaemonAt(Address address) => Context.ActorSelection(new RootActorPath(address) / Self.Path.Elements);

    private void LogInfo(string format, params object[] arguments)
    {
        if (Settings.LogInfo) _log.Info($"Cluster Node [{_self.Address}] - {format}", arguments);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed class GossipTick
    {
        public static readonly GossipTick Instance = new();
    }

    private sealed class LeaderTick
    {
        public static readonly LeaderTick Instance = new();
    }

    private sealed class ReapTick
    {
        public static readonly ReapTick Instance = new();
    }
}
