using ActorInference.Roles.Agents;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Groups.Objects;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Hosting;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Starts the actors of groups in a member of a cluster that has persistence.</summary>
public static class ControlHosting
{
    public const string FleetType = "group-fleet";
    public const string GroupType = "group";
    public const string RolloutType = "rollout";
    public const string InstanceType = "role-instance";
    public const string ObjectType = "group-object";

    private const int Shards = 64;

    /// <summary>Starts the regions of groups, coordinators and instances, or the way to them.</summary>
    /// <param name="system">A member of a cluster.</param>
    /// <param name="role">Of the members that host them; empty for all.</param>
    /// <param name="isHost">Whether this is one; else there are proxies only.</param>
    /// <param name="metrics">What autoscaling measures by; null asks the instances' own routes.</param>
    public static ControlRegions StartControl(this ActorSystem system, string role, bool isHost = true, IMetricSource? metrics = null)
    {
        var source = metrics ?? new HttpMetricSource();
        var settings = GroupSettings.Of(system.Settings.Config);
        var later = new Lazy<ControlRegions>(() => FindRegions(system) ?? throw new InvalidOperationException("The regions of groups are not started."));
        Func<ControlRegions> regions = () => later.Value;
        var registry = ActorRegistry.For(system);
        registry.Register<RoleInstanceActor>(Start(system, InstanceType, role, isHost, id => RoleInstanceActor.Props(Unescape(id), regions, settings.SnapshotEvery)));
        registry.Register<RolloutCoordinator>(Start(system, RolloutType, role, isHost, id => RolloutCoordinator.Props(id, regions, settings, TimeProvider.System)));
        registry.Register<GroupActor>(Start(system, GroupType, role, isHost, id => GroupActor.Props(id, regions, settings.SnapshotEvery)));
        registry.Register<DeclaredObjectActor>(Start(system, ObjectType, role, isHost, id => ObjectProps(id, regions, source, settings.SnapshotEvery)));
        registry.Register<FleetActor>(Start(system, FleetType, role, isHost, _ => FleetActor.Props(regions, settings.SnapshotEvery)));
        return later.Value;
    }

    /// <returns>Null where they are not started.</returns>
    public static ControlRegions? FindRegions(ActorSystem system)
    {
        var registry = ActorRegistry.For(system);
        return registry.TryGet<FleetActor>(out var fleet) && registry.TryGet<GroupActor>(out var groups)
            && registry.TryGet<RolloutCoordinator>(out var rollouts) && registry.TryGet<RoleInstanceActor>(out var instances)
            && registry.TryGet<DeclaredObjectActor>(out var objects)
            ? new ControlRegions(fleet, groups, rollouts, instances, objects)
            : null;
    }

    private static Props ObjectProps(string id, Func<ControlRegions> regions, IMetricSource metrics, int snapshotEvery)
    {
        var (kind, name) = ObjectDocuments.ParseId(id);
        return kind switch
        {
            ObjectKind.Set => GroupSetActor.Props(name, regions, snapshotEvery),
            ObjectKind.Adapter => ScalingAdapterActor.Props(name, regions, metrics, snapshotEvery),
            _ => WarmupActor.Props(name, regions, snapshotEvery),
        };
    }

    private static IActorRef Start(ActorSystem system, string type, string role, bool isHost, Func<string, Props> props)
    {
        var sharding = ClusterSharding.Get(system);
        if (!isHost) return sharding.StartProxy(type, role, Extractor());
        // Nobody is put out of memory: instances are heard of all the time, and a group has to watch over its own.
        var settings = ClusterShardingSettings.Create(system).WithRole(role).WithPassivateIdleAfter(TimeSpan.Zero).WithStateStoreMode(StateStoreMode.DData);
        return sharding.Start(type, props, settings, Extractor(), sharding.DefaultShardAllocationStrategy(settings), PoisonPill.Instance);
    }

    /// <summary>Starts the agent of this host, and has it found.</summary>
    public static IActorRef StartAgent(this ActorSystem system, AgentOptions options, ControlRegions regions)
    {
        var agent = system.ActorOf(NodeAgentActor.Props(options, regions.Instances), NodeAgentActor.Name);
        system.ActorOf(AgentBeacon.Props(options, agent, regions.Fleet), "agent-beacon");
        return agent;
    }

    private static HashCodeMessageExtractor Extractor() => HashCodeMessageExtractor.Create(Shards, EntityIdOf, message => message);

    private static string? EntityIdOf(object message) => message switch
    {
        RoleInstanceProtocol.IForRoleInstance instance => Escape(instance.Id),
        AgentProtocol.InstanceReport report => Escape(report.Owner),
        AgentProtocol.InstanceRemoved removed => Escape(removed.Owner),
        RolloutProtocol.IForRollout rollout => rollout.Group,
        GroupProtocol.IForGroup group => group.Group,
        FleetProtocol.IForFleet => FleetProtocol.Id,
        ObjectProtocol.IForObject each => ObjectDocuments.IdOf(each.Kind, each.Name),
        _ => null,
    };

    /// <summary>An entity's id becomes an actor's name, which has no slash; names of groups and roles have no underscore.</summary>
    private static string Escape(string id) => id.Replace('/', '_');

    private static string Unescape(string id) => id.Replace('_', '/');
}
