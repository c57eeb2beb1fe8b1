using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Instances that do the same, and how they are started, updated and scaled.</summary>
public sealed record RoleSpec
{
    public required string Name { get; init; }

    /// <summary>At least 0.</summary>
    public int Replicas { get; init; } = 1;

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = TextMaps.Empty;

    public ImmutableSortedDictionary<string, string> Annotations { get; init; } = TextMaps.Empty;

    /// <summary>Roles of the group that are ready before this one starts.</summary>
    public ImmutableArray<string> Dependencies { get; init; } = [];

    public RolloutStrategy Rollout { get; init; } = new();

    public RolePattern Pattern { get; init; } = RolePattern.Standalone;

    /// <summary>What an instance consists of: one for <see cref="RolePattern.Standalone"/>, leader and worker, or as declared.</summary>
    public required ImmutableArray<ComponentSpec> Components { get; init; }

    public RestartPolicy Restart { get; init; } = new(RestartPolicyType.None);

    /// <summary>Whether a service names all members of an instance, or the leader only.</summary>
    public SharedServiceSelection ServiceSelection { get; init; } = SharedServiceSelection.LeaderOnly;

    /// <summary>Ports for the discovery file; empty takes the containers' own.</summary>
    public ImmutableArray<PortSpec> ServicePorts { get; init; } = [];

    public RoleScaling Scaling { get; init; } = RoleScaling.None;

    /// <summary>How long an instance is ready before it counts as available.</summary>
    public TimeSpan MinReady { get; init; } = TimeSpan.Zero;

    public PodManagementPolicy Management { get; init; } = PodManagementPolicy.Parallel;

    /// <summary>Which of our own roles the short form named; null is a role of containers.</summary>
    public string? OwnRole { get; init; }

    /// <summary>Processes of one instance.</summary>
    public int Size => Components.Sum(component => component.Size);
}

public enum RolePattern
{
    Standalone,
    LeaderWorker,
    CustomComponents,
}

public enum PodManagementPolicy
{
    Parallel,
    OrderedReady,
}

public enum SharedServiceSelection
{
    All,
    LeaderOnly,
}

/// <summary>Members of an instance that are alike.</summary>
/// <param name="Name">Empty for a standalone role.</param>
/// <param name="Size">Members; may be 0.</param>
/// <param name="ServiceName">Null takes the role's service.</param>
public sealed record ComponentSpec(string Name, int Size, string? ServiceName, ImmutableSortedDictionary<string, string> Labels, ImmutableSortedDictionary<string, string> Annotations, PodTemplate Template)
{
    /// <summary>The component's own annotation, else its template's; null if neither has it.</summary>
    public string? Annotation(string name) => Annotations.GetValueOrDefault(name) ?? Template.Annotations.GetValueOrDefault(name);
}

public enum RestartPolicyType
{
    /// <summary>Only the process that failed is started again.</summary>
    None,

    /// <summary>All processes of the instance are.</summary>
    RecreateRoleInstanceOnPodRestart,
}

/// <summary>What the failure of one process means for its instance, and how long a repeated one waits.</summary>
public sealed record RestartPolicy(RestartPolicyType Type)
{
    /// <summary>Before the second restart; doubles with each.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest; zero, with <see cref="BaseDelay"/> zero, turns waiting off.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(600);
}
