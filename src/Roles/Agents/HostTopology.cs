using System.Collections.Immutable;

namespace ActorInference.Roles.Agents;

/// <summary>What a host has, and how near its parts are to each other.</summary>
/// <param name="Numa">Its NUMA nodes, at least one.</param>
/// <param name="Gpus">In the order of their numbers.</param>
/// <param name="Nics">In the order of their names, loopback left out.</param>
/// <param name="Labels">Set by the operator: rack, zone and the like.</param>
public sealed record HostTopology(ImmutableArray<NumaNode> Numa, ImmutableArray<HostGpu> Gpus, ImmutableArray<HostNic> Nics, ImmutableSortedDictionary<string, string> Labels)
{
    public int Cpus => Numa.Sum(node => node.Cpus.Length);

    public long MemoryBytes => Numa.Sum(node => node.MemoryBytes);
}

/// <param name="Number">Its own.</param>
/// <param name="Cpus">Numbers of its cores.</param>
/// <param name="MemoryBytes">Whole.</param>
public sealed record NumaNode(int Number, ImmutableArray<int> Cpus, long MemoryBytes);

/// <param name="Number">Of the device, from 0.</param>
/// <param name="BusId">PCI address, such as <c>0000:3b:00.0</c>.</param>
/// <param name="Model">Name of the device; empty if unknown.</param>
/// <param name="Numa">NUMA node; 0 if the host does not say.</param>
/// <param name="Root">PCIe root port that it hangs under: two with the same one are near.</param>
/// <param name="NvLinks">Numbers of the GPUs that it is joined to by NVLink.</param>
public sealed record HostGpu(int Number, string BusId, string Model, int Numa, string Root, ImmutableArray<int> NvLinks);

/// <param name="Name">Such as eth0.</param>
/// <param name="Numa">NUMA node; 0 if the host does not say.</param>
/// <param name="SpeedMbits">0 if the host does not say.</param>
/// <param name="IsRdma">Whether an InfiniBand or RoCE device belongs to it.</param>
public sealed record HostNic(string Name, int Numa, int SpeedMbits, bool IsRdma);
