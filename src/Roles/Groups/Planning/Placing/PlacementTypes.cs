using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning.Placing;

/// <summary>One member of an instance that needs a place.</summary>
/// <param name="Group">Name of its group.</param>
/// <param name="Labels">What selectors of others find it by.</param>
/// <param name="Resources">Of all its processes.</param>
public sealed record PlacementRequest(
    string Group, InstanceKey Instance, string Component, int Index, ImmutableSortedDictionary<string, string> Labels, ResourceSpec Resources, PlacementRules Rules)
{
    /// <summary>Where it was; null if it is new. It goes back there, or as near as may be.</summary>
    public Placed? Former { get; init; }

    /// <summary>A host whose agent has refused it; null if none has.</summary>
    public string? Avoids { get; init; }

    /// <summary>Roles whose instances it exchanges pages with: it is placed near to them.</summary>
    public ImmutableArray<string> Paired { get; init; } = [];

    /// <summary>Ports that have to be these numbers: one host has each once.</summary>
    public ImmutableArray<FixedPort> Ports { get; init; } = [];

    /// <summary>What the processes of one template need together; an init container runs alone, before them.</summary>
    public static ResourceSpec Needs(PodTemplate template)
    {
        var other = ResourceSpec.None.Other.ToBuilder();
        foreach (var (name, count) in template.Containers.SelectMany(container => container.Resources.Other)) other[name] = other.GetValueOrDefault(name) + count;
        foreach (var (name, count) in template.InitContainers.SelectMany(container => container.Resources.Other)) other[name] = Math.Max(other.GetValueOrDefault(name), count);
        return new ResourceSpec(
            Most(template, resources => resources.Cpus ?? resources.CpuLimit ?? (resources.CpuSet is { } set ? CpuSet.Parse(set)?.Length : null) ?? 0),
            null,
            (long)Most(template, resources => resources.MemoryBytes ?? resources.MemoryLimitBytes ?? 0),
            null,
            (int)Most(template, resources => resources.Gpus),
            other.ToImmutable());
    }

    private static double Most(PodTemplate template, Func<ResourceSpec, double> amount) => Math.Max(
        template.Containers.Sum(container => amount(container.Resources)),
        template.InitContainers.Select(container => amount(container.Resources)).DefaultIfEmpty().Max());
}

/// <param name="Name">Of the port.</param>
public readonly record struct FixedPort(string Name, int Number);

/// <summary>A member in its place.</summary>
public sealed record Placed(PlacementRequest Member, string Host, ImmutableArray<int> Gpus);

/// <summary>A member without one.</summary>
/// <param name="Reason">Hosts counted by what they lack.</param>
public sealed record Unplaced(PlacementRequest Member, string Reason);

/// <param name="Exclusive">Level of topology whose domain the group has to itself; null shares.</param>
/// <param name="Gang">Places all that are asked for, or what suffices per role, or nothing.</param>
public sealed record PlacementOptions(string? Exclusive = null, GangScheduling? Gang = null);

public sealed record PlacementResult(ImmutableArray<Placed> Placed, ImmutableArray<Unplaced> Unplaced);
