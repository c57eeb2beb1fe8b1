using System.Collections.Immutable;

namespace ActorInference.Roles.Agents;

/// <summary>What the instances of one group have of a host, as placement counts it.</summary>
/// <param name="Group">Name; empty for instances of none.</param>
/// <param name="Gpus">Numbers of the devices, ascending.</param>
/// <param name="Cpus">Cores, parts of them included.</param>
/// <param name="MemoryBytes">Of the host's memory.</param>
public sealed record HostShare(string Group, ImmutableArray<int> Gpus, double Cpus, long MemoryBytes)
{
    /// <summary>Groups without GPUs that are told apart; no host has GPUs for many more.</summary>
    private const int Named = 4;

    /// <summary>What all but one group have: as few shares as words need, however many groups there are.</summary>
    public static ImmutableArray<HostShare> Others(ImmutableArray<HostShare> all, string group)
    {
        var others = all.Where(share => share.Group != group).ToList();
        if (others.Count <= Named) return [.. others];
        var plain = others.Where(share => share.Gpus.IsEmpty).OrderByDescending(share => share.MemoryBytes).ThenByDescending(share => share.Cpus).ThenBy(share => share.Group, StringComparer.Ordinal).ToList();
        if (plain.Count <= Named) return [.. others];
        var rest = plain.Skip(Named).ToList();
        return
        [
            .. others.Where(share => !share.Gpus.IsEmpty),
            .. plain.Take(Named),
            new HostShare($"{rest.Count} others", [], rest.Sum(share => share.Cpus), rest.Sum(share => share.MemoryBytes)),
        ];
    }
}

/// <summary>Why an agent does not run what it is told to: another instance of the host has what it needs.</summary>
/// <param name="Holder">Name of that instance.</param>
/// <param name="Group">Its group; empty for none.</param>
/// <param name="Gpus">The devices that it is about, such as <c>0-3,8</c>; empty if it is the memory.</param>
public sealed record DeviceConflict(string Holder, string Group, string Gpus);
