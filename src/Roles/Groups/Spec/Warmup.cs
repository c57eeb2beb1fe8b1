using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Work done on hosts before a group needs it: images fetched, models read into memory.</summary>
public sealed record Warmup : SpecDocument
{
    public const string KindName = "RoleBasedGroupWarmup";

    public override string Kind => KindName;

    public bool Paused { get; init; }

    public WarmupPolicies Policies { get; init; } = new();

    /// <summary>Hosts by name or labels; null takes <see cref="TargetGroup"/>.</summary>
    public WarmupNodes? TargetNodes { get; init; }

    public WarmupGroup? TargetGroup { get; init; }
}

/// <summary>How many hosts at once, and how many failures.</summary>
public sealed record WarmupPolicies
{
    /// <summary>Hosts at once; null is all.</summary>
    public int? Parallelism { get; init; }

    /// <summary>Repeats on one host; null is without end, 0 none.</summary>
    public int? BackoffLimitPerNode { get; init; }

    /// <summary>Hosts that may fail; null is any number.</summary>
    public int? MaxFailedNodes { get; init; }

    public TimeSpan? GlobalTimeout { get; init; }

    /// <summary>How long its result is kept; null is for ever.</summary>
    public TimeSpan? TimeToLiveAfterFinished { get; init; }
}

public sealed record WarmupNodes(ImmutableArray<string> Names, ImmutableSortedDictionary<string, string> Selector, WarmupActions Actions);

/// <summary>The hosts where a group's roles are, each role with its actions.</summary>
public sealed record WarmupGroup(string Name, ImmutableSortedDictionary<string, WarmupActions> Roles);

/// <param name="Images">To be in the host's store.</param>
/// <param name="Containers">To run to their end.</param>
public sealed record WarmupActions(ImmutableArray<string> Images, ImmutableArray<ContainerSpec> Containers, ImmutableArray<VolumeSpec> Volumes);
