using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Roles that are deployed, coordinated and upgraded as one unit. Templates, patches and engine runtimes are resolved.</summary>
public sealed record RoleBasedGroup : SpecDocument
{
    public const string KindName = "RoleBasedGroup";

    public override string Kind => KindName;

    /// <summary>At least one; names differ.</summary>
    public required ImmutableArray<RoleSpec> Roles { get; init; }

    /// <summary>Which numbers the planner follows (annotation <see cref="SpecNames.PlannerMode"/>).</summary>
    public PlannerMode Mode { get; init; } = PlannerMode.Native;

    /// <summary>All instances are placed together, or none is; null asks for no gang.</summary>
    public GangScheduling? Gang { get; init; }

    /// <summary>Topology level, such as <c>kubernetes.io/hostname</c>, whose domain the group has to itself; null shares.</summary>
    public string? ExclusiveTopology { get; init; }

    public RoleSpec? FindRole(string name) => Roles.FirstOrDefault(role => role.Name == name);
}

/// <summary>Which of the two ways a plan is made in.</summary>
public enum PlannerMode
{
    /// <summary>Ready instances count, every role inside the skew window advances at once, scale-in is coordinated.</summary>
    Native,

    /// <summary>RBG's own numbers, its double rounding included.</summary>
    RbgStrict,
}

/// <param name="Timeout">After it, what was placed of an incomplete gang is given back.</param>
/// <param name="MinReplicas">Per role what suffices; a role that is not named counts whole.</param>
public sealed record GangScheduling(TimeSpan Timeout, ImmutableSortedDictionary<string, int> MinReplicas)
{
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(60);
}
