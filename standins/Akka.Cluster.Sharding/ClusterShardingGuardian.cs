using Akka.Actor;
using Akka.Cluster.Sharding.Coordination;
using Akka.Cluster.Tools.Singleton;
using Akka.Pattern;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding;

/// <summary>The parent of the regions of this node, and of the managers of their coordinators.</summary>
internal sealed class ClusterShardingGuardian : UntypedActor
{
    /// <summary>Names are the same on all nodes: regions and coordinators find one another by them.</summary>
    public static string NameOf(string typeName) => Uri.EscapeDataString(typeName);

    public static string CoordinatorNameOf(string typeName) => $"{NameOf(typeName)}Coordinator";

    public static string ProxyNameOf(string typeName) => $"{NameOf(typeName)}Proxy";

    protected override void OnReceive(object message)
    {
        try
        {
            switch (message)
            {
                case StartRegion start:
                    StartCoordinator(start);
                    Sender.Tell(new Started(ChildOr(NameOf(start.TypeName), () => ShardRegion.Props(
                        start.TypeName, start.EntityProps, start.Settings, start.Extractor, start.HandOffStopMessage))));
                    break;
                case StartRegionProxy start:
                    Sender.Tell(new Started(ChildOr(ProxyNameOf(start.TypeName), () => ShardRegion.Props(
                        start.TypeName, null, start.Settings, start.Extractor, PoisonPill.Instance))));
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
        catch (Exception e)
        {
            Sender.Tell(new Status.Failure(e));   // Whoever starts it is told what is wrong.
        }
    }

    private static IActorRef ChildOr(string name, Func<Props> props) =>
        Context.Child(name) is var child && child.IsNobody() ? Context.ActorOf(props(), name) : child;

    private static void StartCoordinator(StartRegion start)
    {
        var name = CoordinatorNameOf(start.TypeName);
        if (!Context.Child(name).IsNobody()) return;
        var least = start.Settings.TuningParameters.CoordinatorFailureBackoff;
        var coordinator = ShardCoordinator.Props(start.TypeName, start.Settings, start.AllocationStrategy);
        var supervisor = BackoffSupervisor.Props(
            Backoff.OnStop(coordinator, "coordinator", least, least * 5, 0.2, -1).WithFinalStopMessage(message => message is Terminate));
        var settings = ClusterSingletonManagerSettings.Create(Context.System).WithSingletonName("singleton").WithRole(start.Settings.Role);
        Context.ActorOf(ClusterSingletonManager.Props(supervisor, Terminate.Instance, settings), name);
    }

    public sealed record StartRegion(
        string TypeName,
        Func<string, Props> EntityProps,
        ClusterShardingSettings Settings,
        IMessageExtractor Extractor,
        IShardAllocationStrategy AllocationStrategy,
        object HandOffStopMessage) : INoSerializationVerificationNeeded;

    public sealed record StartRegionProxy(string TypeName, ClusterShardingSettings Settings, IMessageExtractor Extractor) : INoSerializationVerificationNeeded;

    public sealed record Started(IActorRef Region) : INoSerializationVerificationNeeded;
}
