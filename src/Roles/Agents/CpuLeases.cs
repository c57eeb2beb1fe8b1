using System.Collections.Immutable;

namespace ActorInference.Roles.Agents;

/// <summary>
/// The cores that a host's instances are bound to: as many as each asks for, those that the fewest others have, on one NUMA node if one
/// has enough, near its GPUs. An instance keeps its own as long as it exists and asks for as many.
/// </summary>
/// <param name="topology">Of the host.</param>
public sealed class CpuLeases(HostTopology topology)
{
    private readonly Dictionary<string, ImmutableArray<int>> _leases = new(StringComparer.Ordinal);

    /// <summary>A lease that was given before.</summary>
    public void Restore(string instance, string? cpuSet)
    {
        if (CpuSet.Parse(cpuSet ?? "") is { } cores) _leases[instance] = cores;
    }

    /// <summary>Binds an instance.</summary>
    /// <returns>Its set; empty for all cores.</returns>
    /// <exception cref="IOException">The host does not have what is asked for.</exception>
    public string Take(string instance, InstanceResources resources)
    {
        var cores = Choose(instance, resources);
        if (cores.IsEmpty) _leases.Remove(instance);
        else _leases[instance] = cores;
        return CpuSet.Format(cores);
    }

    public void Release(string instance) => _leases.Remove(instance);

    private ImmutableArray<int> Choose(string instance, InstanceResources resources)
    {
        var all = topology.Numa.SelectMany(node => node.Cpus).ToHashSet();
        if (resources.CpuSet.Length > 0)
        {
            var named = CpuSet.Parse(resources.CpuSet) ?? throw new IOException($"cpuSet is '{resources.CpuSet}'; expected cores such as 0-3,8");
            return named.All(all.Contains) ? named : throw new IOException($"cpuSet is '{resources.CpuSet}'; the host has cores {CpuSet.Format(all)}");
        }

        if (resources.Cores == 0) return [];
        if (resources.Cores > all.Count) throw new IOException($"limits.cpu is {resources.Cores}; the host has cores {CpuSet.Format(all)}");
        if (_leases.TryGetValue(instance, out var held) && held.Length == resources.Cores && held.All(all.Contains)) return held;
        var uses = _leases.Where(lease => lease.Key != instance).SelectMany(lease => lease.Value).CountBy(core => core).ToDictionary();
        var near = topology.Gpus.Where(gpu => resources.Gpus is { } own && own.Contains(gpu.Number)).Select(gpu => gpu.Numa).ToHashSet();
        var nodes = topology.Numa.Where(node => node.Cpus.Length >= resources.Cores).Select(node => (Node: node, Cores: Idlest(node.Cpus))).ToList();
        return nodes.Count == 0
            ? Idlest(all)
            : nodes.OrderBy(each => each.Cores.Sum(core => uses.GetValueOrDefault(core))).ThenBy(each => !near.Contains(each.Node.Number)).ThenBy(each => each.Node.Number).First().Cores;

        ImmutableArray<int> Idlest(IEnumerable<int> cpus) => [.. cpus.OrderBy(core => uses.GetValueOrDefault(core)).ThenBy(core => core).Take(resources.Cores).Order()];
    }
}
