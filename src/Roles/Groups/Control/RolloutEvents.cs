using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What the coordinator of a group journals.</summary>
public static class RolloutEvents
{
    public interface IRolloutEvent : IGroupMessage;

    /// <summary>The group is to be this.</summary>
    public sealed record Declared(long Generation, string Desired, string Stable, string Policy, bool IsPaused, bool IsDeleting) : IRolloutEvent;

    /// <summary>An instance has its place.</summary>
    public sealed record InstanceCreated(string Role, int Ordinal, string Revision, ImmutableArray<Place> Places, DateTimeOffset At) : IRolloutEvent;

    /// <summary>It is to become another revision.</summary>
    public sealed record InstanceUpdated(string Role, int Ordinal, string Revision, bool InPlace, TimeSpan Grace) : IRolloutEvent;

    public sealed record InstanceDeleting(string Role, int Ordinal) : IRolloutEvent;

    public sealed record InstanceGone(string Role, int Ordinal) : IRolloutEvent;

    /// <summary>The agent of a host has begun again elsewhere.</summary>
    public sealed record AgentMoved(string Node, string AgentPath) : IRolloutEvent;

    /// <summary>Its host is lost, or others have what it needs there: it has other places, and what it has there counts no more.</summary>
    public sealed record InstanceMoved(string Role, int Ordinal, ImmutableArray<Place> Places, DateTimeOffset At) : IRolloutEvent;

    public sealed record ClockMoved(RolloutClock Clock) : IRolloutEvent;

    /// <summary>A process has ended unasked: what it left behind is kept, whatever becomes of its instance.</summary>
    public sealed record FaultSeen(string Role, int Ordinal, string Process, Evidence End) : IRolloutEvent;

    /// <summary>All instances end in the reverse order of dependencies, and begin again.</summary>
    /// <param name="Count">Of such in a row.</param>
    /// <param name="NotBefore">The back-off ends.</param>
    public sealed record RecreationBegun(string Cause, int Count, DateTimeOffset At, DateTimeOffset NotBefore) : IRolloutEvent;

    /// <summary>All have ended.</summary>
    public sealed record RecreationEnded : IRolloutEvent;

    /// <summary>An instance by which others join the cluster, as <c>host:port</c>.</summary>
    public sealed record SeedSeen(string Seed) : IRolloutEvent;

    /// <summary>Hosts are lost: these are left.</summary>
    public sealed record SeedsLost(ImmutableArray<string> Left) : IRolloutEvent;
}

/// <summary>Where one process of an instance is.</summary>
/// <param name="Node">Name of the host.</param>
/// <param name="Address">Its address.</param>
/// <param name="AgentPath">Path of its agent, with the address of that.</param>
public sealed record Place(string Node, string Address, string AgentPath)
{
    /// <summary>Devices that it has to itself; null if it asked for none.</summary>
    public IReadOnlyList<int>? Gpus { get; init; }
}
