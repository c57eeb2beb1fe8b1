using ActorInference.Roles.Agents;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Cluster;
using Akka.Hosting;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What a process is within the cluster of agents.</summary>
/// <param name="Agent">Its host; null for a process that runs none.</param>
/// <param name="IsControl">Whether groups live in it.</param>
/// <param name="Persistence">Where those keep their events.</param>
public sealed record AgentNode(AgentOptions? Agent, bool IsControl, PersistenceSettings Persistence)
{
    /// <summary>Member role of processes that groups live in.</summary>
    public const string ControlRole = "control";

    /// <summary>Member role of processes that run instances.</summary>
    public const string AgentRole = "agent";
}

public static class AgentNodeExtensions
{
    /// <summary>Adds an agent, and groups, to a hosted actor system that is a member of the agents' cluster.</summary>
    public static AkkaConfigurationBuilder WithAgentNode(this AkkaConfigurationBuilder builder, AgentNode node) => builder
        .WithPersistence(node.Persistence)
        .AddHocon(InferenceSettings.AgentDefaults, HoconAddMode.Append)
        .WithActors((system, _) =>
        {
            // Regions look for each other once the member is up.
            Cluster.Get(system).RegisterOnMemberUp(() =>
            {
                var regions = system.StartControl(AgentNode.ControlRole, node.IsControl);
                if (node.Agent is { } agent) system.StartAgent(agent, regions);
            });
        });
}
