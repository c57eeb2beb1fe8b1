using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning.Placing;

/// <summary>What is left of one host while places are given out.</summary>
internal sealed class HostUse
{
    private readonly Dictionary<string, int> _other;
    private readonly HashSet<int> _ports = [];

    public HostUse(HostTopology host)
    {
        Host = host;
        Cpus = host.Cpus - host.Taken.Sum(share => share.Cpus);
        Memory = host.MemoryBytes - host.Taken.Sum(share => share.MemoryBytes);
        FreeGpus = [.. host.Gpus.Select(gpu => gpu.Index).Except(host.Taken.SelectMany(share => share.Gpus))];
        _other = host.Other.ToDictionary(StringComparer.Ordinal);
    }

    public HostTopology Host { get; }

    public double Cpus { get; private set; }

    public long Memory { get; private set; }

    public SortedSet<int> FreeGpus { get; }

    public List<Placed> Members { get; } = [];

    /// <summary>Free share of what it has least of, 0 to 1.</summary>
    public double FreeShare
    {
        get
        {
            var share = Math.Min(Host.Cpus > 0 ? Cpus / Host.Cpus : 1, Host.MemoryBytes > 0 ? (double)Memory / Host.MemoryBytes : 1);
            return Host.Gpus.Length > 0 ? Math.Min(share, (double)FreeGpus.Count / Host.Gpus.Length) : share;
        }
    }

    /// <summary>What it has too little of, and which other groups have some of that, if it would do without them; null if all fits.</summary>
    public (string Resource, IEnumerable<string> Holders)? Lacks(ResourceSpec needs)
    {
        if (needs.Gpus > FreeGpus.Count) return ("GPUs", Holders(needs.Gpus - FreeGpus.Count, share => share.Gpus.Length));
        if (needs.Cpus is { } cpus && cpus > Cpus + 1e-9) return ("CPUs", Holders(cpus - Cpus, share => share.Cpus));
        if (needs.MemoryBytes is { } bytes && bytes > Memory) return ("memory", Holders(bytes - Memory, share => share.MemoryBytes));
        return needs.Other.FirstOrDefault(need => need.Value > _other.GetValueOrDefault(need.Key)).Key is { } other ? (other, []) : null;
    }

    private IEnumerable<string> Holders(double missing, Func<HostShare, double> amount) =>
        Host.Taken.Sum(amount) + 1e-9 < missing ? [] : Host.Taken.Where(share => amount(share) > 0).Select(share => share.Group);

    /// <summary>Which of its ports another member has; null if all are free.</summary>
    public FixedPort? Collides(PlacementRequest request)
    {
        foreach (var port in request.Ports) if (_ports.Contains(port.Number)) return port;
        return null;
    }

    public void Add(Placed placed)
    {
        Members.Add(placed);
        Cpus -= placed.Member.Resources.Cpus ?? 0;
        Memory -= placed.Member.Resources.MemoryBytes ?? 0;
        FreeGpus.ExceptWith(placed.Gpus);
        foreach (var port in placed.Member.Ports) _ports.Add(port.Number);
        foreach (var (name, count) in placed.Member.Resources.Other) _other[name] = _other.GetValueOrDefault(name) - count;
    }

    /// <summary>As it is, to try things on.</summary>
    public HostUse Copy()
    {
        var copy = new HostUse(Host);
        foreach (var member in Members) copy.Add(member);
        return copy;
    }
}
