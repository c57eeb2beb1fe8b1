using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>The processes that live together in one member of an instance, from a PodTemplateSpec.</summary>
public sealed record PodTemplate
{
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = TextMaps.Empty;

    public ImmutableSortedDictionary<string, string> Annotations { get; init; } = TextMaps.Empty;

    /// <summary>Run one after the other, each to its end, before the others start.</summary>
    public ImmutableArray<ContainerSpec> InitContainers { get; init; } = [];

    /// <summary>At least one; the first is the one whose readiness ports the role is known by.</summary>
    public required ImmutableArray<ContainerSpec> Containers { get; init; }

    public ImmutableArray<VolumeSpec> Volumes { get; init; } = [];

    public PlacementRules Placement { get; init; } = PlacementRules.None;

    /// <summary>From the request to end until the kill.</summary>
    public TimeSpan TerminationGrace { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>One process.</summary>
public sealed record ContainerSpec
{
    public required string Name { get; init; }

    /// <summary><c>name:version</c>: a bundle folder in the agent's image store.</summary>
    public required string Image { get; init; }

    /// <summary>Program and its first arguments, <c>$(VAR)</c> unexpanded; empty takes the image's own.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    public ImmutableArray<string> Args { get; init; } = [];

    public string? WorkingDirectory { get; init; }

    /// <summary>In order: a later one may refer to an earlier one.</summary>
    public ImmutableArray<EnvVar> Env { get; init; } = [];

    public ImmutableArray<PortSpec> Ports { get; init; } = [];

    public ProbeSpec? Startup { get; init; }

    public ProbeSpec? Readiness { get; init; }

    public ProbeSpec? Liveness { get; init; }

    /// <summary>Run in the process's surroundings before it is asked to end; null is nothing.</summary>
    public ProbeAction? PreStop { get; init; }

    public ResourceSpec Resources { get; init; } = ResourceSpec.None;

    public ImmutableArray<VolumeMount> Mounts { get; init; } = [];
}

/// <summary>A variable of the environment: a text with <c>$(VAR)</c>, or a field of the instance.</summary>
/// <param name="FieldPath">Such as <c>status.podIP</c> or <c>metadata.labels['a']</c>; null takes <paramref name="Value"/>.</param>
public sealed record EnvVar(string Name, string Value, string? FieldPath = null);

/// <param name="Name">May be empty.</param>
/// <param name="Port">0 lets the agent lease a free one.</param>
public sealed record PortSpec(string Name, int Port, string Protocol = "TCP");

/// <summary>What of a host a process may use, and is promised.</summary>
/// <param name="Cpus">Cores, promised; null is no promise.</param>
/// <param name="CpuLimit">Cores at most: whole ones become a set of its own.</param>
/// <param name="MemoryBytes">Promised.</param>
/// <param name="MemoryLimitBytes">More is the process's end.</param>
/// <param name="Gpus">Whole GPUs.</param>
/// <param name="Other">Further countable resources, such as <c>rdma/hca</c>.</param>
public sealed record ResourceSpec(double? Cpus, double? CpuLimit, long? MemoryBytes, long? MemoryLimitBytes, int Gpus, ImmutableSortedDictionary<string, int> Other)
{
    /// <summary>Cores that it is bound to, such as <c>0-3,8</c>; null leaves the choice to the agent, which binds to a whole <see cref="CpuLimit"/>.</summary>
    public string? CpuSet { get; init; }

    public static ResourceSpec None { get; } = new(null, null, null, null, 0, ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal));
}

/// <summary>A folder that processes see.</summary>
/// <param name="HostPath">Folder of the host; null is an empty one that lives with the pod, whose containers share it, or a claimed one.</param>
/// <param name="InMemory">Whether the empty one is in memory (/dev/shm).</param>
/// <param name="SizeLimitBytes">Of an empty one; null is none.</param>
/// <param name="Claim">Name of a folder that the agent keeps for all who claim it, and that outlives them; null is none.</param>
public sealed record VolumeSpec(string Name, string? HostPath, bool InMemory, long? SizeLimitBytes, string? Claim = null);

/// <param name="SubPath">Part of the volume; null is all of it.</param>
/// <param name="SubPathExpression">The same with <c>$(VAR)</c> of the container's environment: by it instances have parts of a claim for themselves.</param>
public sealed record VolumeMount(string Name, string MountPath, string? SubPath, bool ReadOnly, string? SubPathExpression = null);
