using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Containers and volumes that roles take into their templates by the profile's name.</summary>
public sealed record EngineRuntimeProfile : SpecDocument
{
    public const string KindName = "ClusterEngineRuntimeProfile";

    public override string Kind => KindName;

    public ImmutableArray<ContainerSpec> InitContainers { get; init; } = [];

    public ImmutableArray<ContainerSpec> Containers { get; init; } = [];

    public ImmutableArray<VolumeSpec> Volumes { get; init; } = [];

    public ProfileUpdate Update { get; init; } = ProfileUpdate.NoUpdate;
}

public enum ProfileUpdate
{
    /// <summary>Groups keep what they were applied with.</summary>
    NoUpdate,

    /// <summary>A change rolls through the groups that use it.</summary>
    RollingUpdate,
}
