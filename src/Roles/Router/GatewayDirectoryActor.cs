using ActorInference.Actors.Protocols;
using ActorInference.Roles.Composition;
using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.Roles.Router;

/// <summary>Passes the reports of this node's workers, and their questions, on to the router of every gateway in the cluster.</summary>
public sealed class GatewayDirectoryActor : ReceiveActor
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<Address, ActorSelection> _routers = [];

    public GatewayDirectoryActor()
    {
        Receive<ClusterEvent.MemberUp>(up => Add(up.Member));
        Receive<ClusterEvent.MemberRemoved>(removed => _routers.Remove(removed.Member.Address));
        Receive<ClusterEvent.IMemberEvent>(_ => { });
        Receive<RouterProtocol.WorkerReport>(report =>
        {
            foreach (var router in _routers.Values) router.Tell(report);
        });
        Receive<RouterProtocol.GetWorkers>(Ask);
    }

    public static Props Props() => Akka.Actor.Props.Create(() => new GatewayDirectoryActor());

    protected override void PreStart() =>
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <summary>Each router answers. Where no gateway can be reached nobody knows a worker; where one is only about to come up, it is to be asked again.</summary>
    private void Ask(RouterProtocol.GetWorkers question)
    {
        foreach (var router in _routers.Values) router.Tell(question, Sender);
        var state = _cluster.State;
        if (!state.Members.Except(state.Unreachable).Any(IsGateway)) Sender.Tell(new RouterProtocol.Workers([], InFlight: 0));
    }

    private static bool IsGateway(Member member) => member.HasRole(NodeRole.Gateway.Name());

    private void Add(Member member)
    {
        if (IsGateway(member)) _routers[member.Address] = Context.ActorSelection(new RootActorPath(member.Address) / "user" / RouterActor.Name);
    }
}
