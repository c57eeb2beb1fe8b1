using Akka.Actor;

namespace Akka.Cluster.Sharding.Coordination;

/// <summary>Runs an actor on the oldest member of a role, as its child.</summary>
internal sealed class CoordinatorHost : UntypedActor
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Props _props;
    private readonly string _role;

    public CoordinatorHost(Props props, string role)
    {
        _props = props;
        _role = role;
    }

    public static Props Props(Props props, string role) => Actor.Props.Create(() => new CoordinatorHost(props, role));

    protected override void PreStart() => _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        if (message is not ClusterEvent.IMemberEvent || !Context.Child("singleton").IsNobody()) return;
        var oldest = _cluster.State.Members
            .Where(member => member.Status is not (MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Removed) && (_role is null || member.HasRole(_role)))
            .Order(Member.AgeOrdering).FirstOrDefault();
        if (oldest is not null && oldest.UniqueAddress == _cluster.SelfUniqueAddress && oldest.Status == MemberStatus.Up) Context.ActorOf(_props, "singleton");
    }
}
