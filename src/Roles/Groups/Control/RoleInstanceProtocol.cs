using System.Collections.Immutable;
using ActorInference.Roles.Agents;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What a role instance is asked, and tells.</summary>
public static class RoleInstanceProtocol
{
    /// <summary>For one of them.</summary>
    public interface IForRoleInstance : IGroupMessage
    {
        string Id { get; }
    }

    /// <summary>Be this. Said again it changes nothing.</summary>
    public sealed record Bring(InstanceOrder Order) : IForRoleInstance
    {
        public string Id => Order.Id;
    }

    /// <summary>Say how you are; it also wakes one that was not in memory.</summary>
    public sealed record Look(string Id) : IForRoleInstance;

    /// <summary>End, and forget all. Answered by <see cref="Gone"/>, now or later.</summary>
    public sealed record Remove(string Id, string Group, string Role, int Ordinal) : IForRoleInstance;

    /// <summary>Begin its processes again, as they are. Answered by <see cref="RolloutProtocol.RestartAnswered"/> if somebody asked.</summary>
    /// <param name="Cause">Why.</param>
    public sealed record Restart(string Id, string Cause) : IForRoleInstance
    {
        /// <summary>The failure of another instance that it is for, by its time: the same again changes nothing. Null if somebody asked.</summary>
        public DateTimeOffset? LinkedTo { get; init; }
    }

    /// <summary>A host is lost: nothing is waited for from there.</summary>
    public sealed record Abandon(string Id, string Node) : IForRoleInstance;

    /// <summary>There is nothing of it any more.</summary>
    public sealed record Gone(string Group, string Role, int Ordinal) : RolloutProtocol.IForRollout;

    /// <summary>How it is. On every change, and when it is asked.</summary>
    /// <param name="Revision">Of the order that it was given; empty if it has none.</param>
    /// <param name="Stage">What is being done.</param>
    /// <param name="IsReady">Whether all its processes are, and nothing is being done to it.</param>
    /// <param name="Members">What agents last said of its processes.</param>
    /// <param name="Message">Why it is not ready; empty if it is.</param>
    public sealed record Observed(
        string Group, string Role, int Ordinal, string Revision, InstanceStage Stage, bool IsReady, ImmutableArray<AgentProtocol.InstanceReport> Members, string Message)
        : RolloutProtocol.IForRollout
    {
        /// <summary>Paths of the agents that it was ordered to be at, one after the other; null if it does not say.</summary>
        public string? Agents { get; init; }

        /// <summary>Its hosts and their GPUs that it was ordered to have (<see cref="InstanceOrder.Devices"/>); null if it does not say.</summary>
        public string? Devices { get; init; }
    }
}

/// <summary>Where an instance is on its way to what it was ordered to be.</summary>
public enum InstanceStage
{
    /// <summary>It was given no order.</summary>
    None,

    /// <summary>Out of service, and not touched yet.</summary>
    Draining,

    /// <summary>The hook before an update runs.</summary>
    Dumping,

    /// <summary>Processes before it are being taken away.</summary>
    Clearing,

    /// <summary>Processes are being begun or replaced.</summary>
    Starting,

    /// <summary>The hook after an update runs.</summary>
    Loading,

    /// <summary>It is what it was ordered to be.</summary>
    Settled,

    /// <summary>It is being taken away.</summary>
    Removing,
}
