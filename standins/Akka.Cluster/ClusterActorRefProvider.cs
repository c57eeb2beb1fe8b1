using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Cluster.Configuration;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster;

/// <summary>References as remoting's, in a system that is a node of a cluster.</summary>
public class ClusterActorRefProvider : RemoteActorRefProvider
{
    public ClusterActorRefProvider(string systemName, Settings settings, EventStream eventStream)
        : base(systemName, WithDefaults(settings), eventStream)
    {
    }

    public override void Init(ActorSystemImpl system)
    {
        base.Init(system);
        Cluster.Get(system);
    }

    protected override IActorRef CreateRemoteWatcher(ActorSystemImpl system)
    {
        var (settings, detector) = (RemoteSettings, CreateRemoteWatcherFailureDetector(system));
        return system.SystemActorOf(ClusterRemoteWatcher.Props(settings, detector), "remote-watcher");
    }

    private static Settings WithDefaults(Settings settings)
    {
        settings.InjectTopLevelFallback(ClusterConfigFactory.Default());
        return settings;
    }
}

/// <summary>
/// Watches remote actors. Those on members of the cluster are lost when the cluster removes the member, and not before: all nodes
/// are to agree on that. Others are followed by heartbeat.
/// </summary>
internal sealed class ClusterRemoteWatcher : RemoteWatcher
{
    private readonly HashSet<Address> _members = [];

    public ClusterRemoteWatcher(
        IFailureDetectorRegistry<Address> failureDetector, TimeSpan heartbeatInterval, TimeSpan unreachableReaperInterval, TimeSpan heartbeatExpectedResponseAfter)
        : base(failureDetector, heartbeatInterval, unreachableReaperInterval, heartbeatExpectedResponseAfter)
    {
    }

    public static new Props Props(RemoteSettings settings, IFailureDetectorRegistry<Address> failureDetector) => Actor.Props.Create(() => new ClusterRemoteWatcher(
        failureDetector, settings.WatchHeartBeatInterval, settings.WatchUnreachableReaperInterval, settings.WatchHeartbeatExpectedResponseAfter));

    protected override void PreStart()
    {
        base.PreStart();
        Self.Tell(BeginFollowing.Instance);   // The extension is being made while this actor starts.
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BeginFollowing:
                Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
                break;
            case ClusterEvent.MemberRemoved removed:
                Lose(removed);
                break;
            case ClusterEvent.IMemberEvent change:
                if (!IsSelf(change.Member)) TakeOver(change.Member.Address);
                break;
            default:
                base.OnReceive(message);
                break;
        }
    }

    protected override void WatchNode(IInternalActorRef watchee)
    {
        if (!_members.Contains(watchee.Path.Address)) base.WatchNode(watchee);
    }

    private static bool IsSelf(Member member) => member.UniqueAddress == Cluster.Get(Context.System).SelfUniqueAddress;

    private void TakeOver(Address node)
    {
        if (_members.Add(node)) StopFollowing(node);
    }

    private void Lose(ClusterEvent.MemberRemoved removed)
    {
        var cluster = Cluster.Get(Context.System);
        if (IsSelf(removed.Member) || cluster.IsTerminated) return;
        // Another incarnation may be a member by now.
        if (!cluster.State.Members.Any(member => member.Address.Equals(removed.Member.Address))) _members.Remove(removed.Member.Address);
        if (removed.PreviousStatus == MemberStatus.Down) Quarantine(removed.Member.Address, removed.Member.UniqueAddress.Uid);
        PublishAddressTerminated(removed.Member.Address);
    }

    private sealed class BeginFollowing
    {
        public static readonly BeginFollowing Instance = new();
    }
}
