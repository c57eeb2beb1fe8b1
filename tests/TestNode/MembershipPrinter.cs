using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.TestNode;

/// <summary>Prints what becomes of members: <c>event MemberRemoved ADDRESS Down</c>.</summary>
internal sealed class MembershipPrinter : ReceiveActor
{
    public MembershipPrinter()
    {
        Receive<ClusterEvent.MemberRemoved>(removed => Output.Write($"event MemberRemoved {removed.Member.Address} {removed.PreviousStatus}"));
        Receive<ClusterEvent.IMemberEvent>(change => Output.Write($"event {change.GetType().Name} {change.Member.Address}"));
        Receive<ClusterEvent.IReachabilityEvent>(change => Output.Write($"event {change.GetType().Name} {change.Member.Address}"));
    }

    protected override void PreStart() => Cluster.Get(Context.System).Subscribe(
        Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));

    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);
}
