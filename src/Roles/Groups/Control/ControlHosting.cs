using ActorInference.Roles.Agents;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Starts the actors of groups in a member of a cluster that has persistence.</summary>
public static class ControlHosting
{
    public const string FleetType = "group-fleet";
    public const string GroupType = "group";
    public const string RolloutType = "rollout";
    public const string InstanceType = "role-instance";

    private const int Shards = 64;

    /// <summary>Starts the regions of groups, coordinators and instances.</summary>
    /// <param name="system">A member of a cluster.</param>
    /// <param name="role">Of the members that host them.</param>
    public static ControlRegions StartControl(this ActorSystem system, string role)
    {
        var sharding = ClusterSharding.Get(system);
        // Nobody is put out of memory: instances are heard of all the time, and a group has to watch over its own.
        var settings = ClusterShardingSettings.Create(system).WithRole(role).WithPassivateIdleAfter(TimeSpan.Zero).WithStateStoreMode(StateStoreMode.DData);
        var regions = new Lazy<ControlRegions>(() => new ControlRegions(
            sharding.ShardRegion(FleetType), sharding.ShardRegion(GroupType), sharding.ShardRegion(RolloutType), sharding.ShardRegion(InstanceType)));
        Func<ControlRegions> later = () => regions.Value;
        sharding.Start(InstanceType, id => RoleInstanceActor.Props(Unescape(id), later), settings, Extractor());
        sharding.Start(RolloutType, id => RolloutCoordinator.Props(id, later, TimeProvider.System), settings, Extractor());
        sharding.Start(GroupType, id => GroupActor.Props(id, later), settings, Extractor());
        sharding.Start(FleetType, _ => FleetActor.Props(later), settings, Extractor());
        return regions.Value;
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
        _ => null,
    };

    /// <summary>An entity's id becomes an actor's name, which has no slash; names of groups and roles have no underscore.</summary>
    private static string Escape(string id) => id.Replace('/', '_');

    private static string Unescape(string id) => id.Replace('_', '/');
}
