using System.Collections.Immutable;

namespace ActorInference.Roles.Agents;

/// <summary>
/// The GPUs and the memory of a host that its instances have. A GPU belongs to one pod, whose containers share it, and memory is given as long
/// as there is some; an instance keeps its own as long as it exists, whatever revision of it runs.
/// </summary>
/// <param name="node">Name of the host.</param>
/// <param name="topology">What it has.</param>
public sealed class DeviceLeases(string node, HostTopology topology)
{
    private readonly Dictionary<string, Lease> _leases = new(StringComparer.Ordinal);

    /// <summary>A lease that was given before. What holds already is not asked whether it may.</summary>
    /// <param name="running">Revision of the process that was begun last.</param>
    /// <param name="gpus">That it had then; null if that was not kept.</param>
    public void Restore(InstanceLaunch launch, string running, IReadOnlyList<int>? gpus) =>
        _leases[launch.Instance] = new Lease(launch, running == launch.Revision || gpus is null ? Asked(launch) : [.. gpus]);

    /// <summary>Whether something that a launch needs belongs to others. Changes nothing.</summary>
    /// <returns>Null if it may run.</returns>
    public (DeviceConflict Conflict, string Message)? Conflict(InstanceLaunch launch) => GpuConflict(launch) ?? MemoryConflict(launch);

    /// <summary>Gives a launch what it needs. One that replaces another keeps the GPUs of that until it runs itself.</summary>
    /// <returns>The GPUs that are its own from now on.</returns>
    public ImmutableArray<int> Take(InstanceLaunch launch)
    {
        var held = _leases.TryGetValue(launch.Instance, out var before) && before.Launch.Revision != launch.Revision ? before.Gpus : [];
        var lease = new Lease(launch, [.. Asked(launch).Union(held).Order()]);
        _leases[launch.Instance] = lease;
        return lease.Gpus;
    }

    /// <summary>A process runs: what only the one before it had is free.</summary>
    public void Settle(string instance, string revision)
    {
        if (_leases.TryGetValue(instance, out var lease) && lease.Launch.Revision == revision && lease.Gpus.Length > Asked(lease.Launch).Length)
            _leases[instance] = lease with { Gpus = Asked(lease.Launch) };
    }

    public void Release(string instance) => _leases.Remove(instance);

    /// <summary>What each group has here, by the names of the groups.</summary>
    public ImmutableArray<HostShare> Shares() =>
    [
        .. _leases.Values.GroupBy(lease => lease.Launch.Group).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
        {
            var pods = group.GroupBy(lease => lease.Launch.Pod).ToList();
            return new HostShare(group.Key, [.. group.SelectMany(lease => lease.Gpus).Distinct().Order()], pods.Sum(Cpus), pods.Sum(Memory));
        }),
    ];

    private (DeviceConflict, string)? GpuConflict(InstanceLaunch launch)
    {
        var asked = Asked(launch);
        if (asked.IsEmpty || _leases.Values.FirstOrDefault(lease => lease.Launch.Pod != launch.Pod && lease.Gpus.Any(gpu => asked.Contains(gpu))) is not { } holder) return null;
        var taken = _leases.Values.Where(lease => lease.Launch.Pod != launch.Pod).SelectMany(lease => lease.Gpus).Where(gpu => asked.Contains(gpu));
        var conflict = new DeviceConflict(holder.Launch.Instance, holder.Launch.Group, CpuSet.Format(taken));
        return (conflict, $"GPU {conflict.Gpus} of {node} belongs to {Name(holder)}");
    }

    private (DeviceConflict, string)? MemoryConflict(InstanceLaunch launch)
    {
        var (asked, all) = (launch.Needs?.MemoryBytes ?? 0, topology.MemoryBytes);
        if (asked == 0) return null;
        var pods = _leases.Values.GroupBy(lease => lease.Launch.Pod).Select(pod => (Pod: pod.Key, First: pod.First(), Memory: Memory(pod))).ToList();
        var left = all - pods.Where(pod => pod.Pod != launch.Pod).Sum(pod => pod.Memory);
        // What the host does not have at all is nobody's fault, and what a pod has already is not asked for again.
        if (asked <= left || asked > all || asked <= pods.Find(pod => pod.Pod == launch.Pod).Memory) return null;
        var holder = pods.Where(pod => pod.Pod != launch.Pod).MaxBy(pod => pod.Memory).First;
        return (new DeviceConflict(holder.Launch.Instance, holder.Launch.Group, ""), $"{asked >> 20} MiB of memory are asked for, and {Math.Max(0, left) >> 20} MiB of {all >> 20} MiB are left on {node}: {Name(holder)} has the most");
    }

    private static string Name(Lease lease) => lease.Launch.Group.Length > 0 ? $"{lease.Launch.Instance} of group {lease.Launch.Group}" : lease.Launch.Instance;

    private static ImmutableArray<int> Asked(InstanceLaunch launch) => launch.Resources.Gpus ?? [];

    private static double Cpus(IEnumerable<Lease> pod) => pod.Any(lease => lease.Launch.Needs is not null)
        ? pod.Max(lease => lease.Launch.Needs?.Cpus ?? 0)
        : pod.Sum(lease => lease.Launch.Resources is { Cores: > 0 and var cores } ? cores : CpuSet.Parse(lease.Launch.Resources.CpuSet)?.Length ?? 0);

    private static long Memory(IEnumerable<Lease> pod) =>
        pod.Any(lease => lease.Launch.Needs is not null) ? pod.Max(lease => lease.Launch.Needs?.MemoryBytes ?? 0) : pod.Sum(lease => lease.Launch.Resources.MemoryBytes);

    /// <param name="Gpus">That it asks for, and those of a process of it that runs still.</param>
    private sealed record Lease(InstanceLaunch Launch, ImmutableArray<int> Gpus);
}
