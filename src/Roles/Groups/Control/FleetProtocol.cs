using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Objects;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What is asked of, and told to, the one who knows all agents and all groups.</summary>
public static class FleetProtocol
{
    /// <summary>Id of the only entity of its kind.</summary>
    public const string Id = "fleet";

    /// <summary>For that one.</summary>
    public interface IForFleet : IGroupMessage;

    /// <summary>An agent is there. Repeated.</summary>
    /// <param name="AgentPath">With the address.</param>
    /// <param name="ReportedEvery">After some of these without another one it counts as lost.</param>
    public sealed record AgentIsThere(string Node, string Address, string AgentPath, HostTopology Topology, TimeSpan ReportedEvery) : IForFleet
    {
        /// <summary>What groups have of the host: from the agent all of them, to a coordinator the others than its own. Null from agents that do not say.</summary>
        public ImmutableArray<HostShare>? Taken { get; init; }
    }

    /// <summary>A group exists from now on.</summary>
    public sealed record AddGroup(string Group) : IForFleet;

    /// <summary>It does not any more.</summary>
    public sealed record RemoveGroup(string Group) : IForFleet;

    public sealed record GetAgents : IForFleet
    {
        public static readonly GetAgents Instance = new();

        /// <summary>Who asks, to be told what others have of each host; null if that does not matter.</summary>
        public string? Group { get; init; }
    }

    public sealed record Agents(ImmutableArray<AgentIsThere> Present) : IGroupMessage;

    public sealed record GetGroups : IForFleet
    {
        public static readonly GetGroups Instance = new();
    }

    public sealed record Groups(ImmutableArray<string> Names) : IGroupMessage;

    /// <summary>A set, adapter or warm-up exists from now on.</summary>
    public sealed record AddObject(ObjectKind Kind, string Name) : IForFleet;

    /// <summary>It does not any more.</summary>
    public sealed record RemoveObject(ObjectKind Kind, string Name) : IForFleet;

    public sealed record GetObjects(ObjectKind Kind) : IForFleet;

    public sealed record Objects(ObjectKind Kind, ImmutableArray<string> Names) : IGroupMessage;
}
