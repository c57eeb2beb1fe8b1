using System.Collections.Immutable;
using ActorInference.Roles.Agents;

namespace ActorInference.Roles.Groups.Planning.Placing;

/// <summary>What a host offers, as its agent reports it.</summary>
/// <param name="Labels">With its levels of topology, such as <c>kubernetes.io/hostname</c> and <c>topology.kubernetes.io/rack</c>.</param>
/// <param name="Other">Further countable resources.</param>
public sealed record HostTopology(string Name, ImmutableSortedDictionary<string, string> Labels, double Cpus, long MemoryBytes, ImmutableArray<GpuDevice> Gpus, ImmutableSortedDictionary<string, int> Other)
{
    public const string HostKey = "kubernetes.io/hostname";
    public const string RackKey = "topology.kubernetes.io/rack";

    /// <summary>Whether it reaches other hosts by RDMA.</summary>
    public bool Rdma { get; init; }

    /// <summary>What other groups have of it.</summary>
    public ImmutableArray<HostShare> Taken { get; init; } = [];

    /// <summary>The domain that the host is in, at one level; null if it has none there.</summary>
    public string? Domain(string key) => key == HostKey ? Labels.GetValueOrDefault(key, Name) : Labels.GetValueOrDefault(key);
}

/// <param name="NumaNode">Memory node that it is near to.</param>
/// <param name="NvLinks">Indices of the GPUs that it reaches by NVLink.</param>
public sealed record GpuDevice(int Index, int NumaNode, ImmutableArray<int> NvLinks);

/// <summary>How two places reach each other; a greater one is faster.</summary>
public enum LinkKind
{
    Network,
    Rdma,
    Pcie,
    NvLink,
}
