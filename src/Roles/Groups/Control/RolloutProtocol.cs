using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What the coordinator of a group's rollout is asked, and tells.</summary>
public static class RolloutProtocol
{
    /// <summary>For the coordinator of one group.</summary>
    public interface IForRollout : IGroupMessage
    {
        string Group { get; }
    }

    /// <summary>Bring the group to this. The same generation again changes nothing.</summary>
    /// <param name="Generation">Grows with every change.</param>
    /// <param name="Desired">The declared group, as YAML.</param>
    /// <param name="Stable">The group that was last rolled out whole, as YAML.</param>
    /// <param name="Policy">The group's policy, as YAML; empty for none.</param>
    /// <param name="IsPaused">Whether every rollout stands where it is.</param>
    /// <param name="IsDeleting">Whether the group is to end.</param>
    public sealed record Declare(string Group, long Generation, string Desired, string Stable, string Policy, bool IsPaused, bool IsDeleting) : IForRollout;

    /// <summary>Asks how it goes.</summary>
    public sealed record GetStatus(string Group) : IForRollout;

    /// <summary>Begin the processes of an instance again. Answered by <see cref="RestartAnswered"/>.</summary>
    public sealed record RestartInstance(string Group, string Role, int Ordinal) : IForRollout;

    /// <param name="IsBegun">Written down, so that it happens; else there is no such instance.</param>
    public sealed record RestartAnswered(bool IsBegun) : IGroupMessage;

    /// <param name="Generation">That is being brought about; 0 if nothing is declared.</param>
    /// <param name="Roles">Counts of each role.</param>
    /// <param name="Instances">In the order of roles and ordinals.</param>
    /// <param name="Holds">What does not go on, and why.</param>
    /// <param name="IsDone">Nothing is left to do.</param>
    public sealed record Status(
        string Group, long Generation, ImmutableArray<RoleProgress> Roles, ImmutableArray<InstanceStatus> Instances, ImmutableArray<string> Holds, bool IsDone) : IGroupMessage
    {
        /// <summary>Nothing is under way: complete, or held by a partition or a pause.</summary>
        public bool IsResting { get; init; }

        /// <summary>Which instance a rollout that has exceeded its deadline waits for, and why; empty if it has not.</summary>
        public string Stalled { get; init => field = value ?? ""; } = "";
    }

    /// <param name="Node">Of its first process; empty if it has no place.</param>
    public sealed record InstanceStatus(
        string Name, string Role, int Ordinal, string Revision, InstanceStage Stage, bool IsReady, string Node, ImmutableArray<AgentProtocol.InstanceReport> Members, DateTimeOffset CreatedAt, string Message)
    {
        /// <summary>The last unasked end of each process, also of one that was made anew since.</summary>
        public ImmutableArray<RolloutEvents.FaultSeen> Faults { get; init; } = [];
    }
}
