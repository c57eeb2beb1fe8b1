using Akka.Actor;
using Akka.Cluster;
using Petabridge.Cmd;

namespace ActorInference.Host.Consoles;

/// <summary>Tells a console what happens to the members of the cluster, as it happens. Ends with the console's interest.</summary>
internal sealed class ClusterTail : ReceiveActor
{
    private readonly IActorRef _reader;
    private readonly Cluster _cluster = Cluster.Get(Context.System);

    public ClusterTail(IActorRef reader)
    {
        _reader = reader;
        Receive<ClusterEvent.CurrentClusterState>(state => Say($"{state.Members.Count} members; leader {state.Leader?.ToString() ?? "none"}"));
        Receive<ClusterEvent.MemberRemoved>(removed => Say($"{removed.Member.Address} is removed, was {removed.PreviousStatus.ToString().ToLowerInvariant()}"));
        Receive<ClusterEvent.IMemberEvent>(changed => Say($"{changed.Member.Address} is {changed.Member.Status.ToString().ToLowerInvariant()} ({string.Join(',', changed.Member.Roles.Order(StringComparer.Ordinal))})"));
        Receive<ClusterEvent.UnreachableMember>(unreachable => Say($"{unreachable.Member.Address} cannot be reached"));
        Receive<ClusterEvent.ReachableMember>(reachable => Say($"{reachable.Member.Address} can be reached again"));
        Receive<ClusterEvent.LeaderChanged>(changed => Say($"leader {changed.Leader?.ToString() ?? "none"}"));
        Receive<Terminated>(_ => Context.Stop(Self));
    }

    public static Props Props(IActorRef reader) => Akka.Actor.Props.Create(() => new ClusterTail(reader));

    protected override void PreStart()
    {
        Context.Watch(_reader);
        _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot,
            typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent),
            typeof(ClusterEvent.LeaderChanged));
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void Say(string text) => _reader.Tell(new CommandResponse(text, final: false));
}
