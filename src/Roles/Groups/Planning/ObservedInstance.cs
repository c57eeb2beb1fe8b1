using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>What is known of one instance at the time of a plan.</summary>
/// <param name="Revision">Revision that it runs or is being brought to (<see cref="SpecRevision"/>).</param>
public sealed record ObservedInstance(string Role, int Ordinal, string Revision)
{
    public InstancePhase Phase { get; init; } = InstancePhase.Running;

    /// <summary>All its processes are ready, and nothing is done to it.</summary>
    public bool Ready { get; init; }

    /// <summary>Since when <see cref="Ready"/> is as it is; null is not known.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Whether it has its place on a host.</summary>
    public bool Scheduled { get; init; } = true;

    /// <summary>Host; null before it has one.</summary>
    public string? Node { get; init; }

    /// <summary>Sequences at work: the least busy goes first when a role shrinks.</summary>
    public int Load { get; init; }

    /// <summary>Why it is not ready, if that is known: a probe, an exit code, the end of its log.</summary>
    public string? Reason { get; init; }

    public InstanceKey Key => new(Role, Ordinal);
}

public readonly record struct InstanceKey(string Role, int Ordinal)
{
    public override string ToString() => $"{Role}-{Ordinal}";
}

public enum InstancePhase
{
    /// <summary>Waits for a place.</summary>
    Pending,

    /// <summary>Starts, or is being updated.</summary>
    Starting,

    /// <summary>Runs; ready or not.</summary>
    Running,

    /// <summary>Is being taken out of service and will end.</summary>
    Terminating,

    /// <summary>Has ended and waits for its restart.</summary>
    Failed,
}

/// <summary>Everything that a plan is made from.</summary>
/// <param name="Desired">The group as it is declared.</param>
/// <param name="Stable">The last group that was rolled out whole; the same as <paramref name="Desired"/> at the first deployment.</param>
/// <param name="Instances">All that exist, also of roles that are gone.</param>
/// <param name="Now">The time.</param>
public sealed record PlanInput(RoleBasedGroup Desired, RoleBasedGroup Stable, ImmutableArray<ObservedInstance> Instances, DateTimeOffset Now)
{
    public CoordinatedPolicy? Policy { get; init; }

    /// <summary>Where the rollout stood when that was last written down; without it nothing is rolled back, and in the strict mode no revision becomes the stable one.</summary>
    public RolloutClock? Clock { get; init; }

    /// <summary>Earlier groups, for what instances of neither revision run; newest first.</summary>
    public ImmutableArray<RoleBasedGroup> History { get; init; } = [];

    /// <summary>Stops every rollout of the group where it stands.</summary>
    public bool Paused { get; init; }

    /// <summary>The group is to end.</summary>
    public bool Deleting { get; init; }
}
