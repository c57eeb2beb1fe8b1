using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Where a member may, should and must not be placed.</summary>
public sealed record PlacementRules(
    ImmutableSortedDictionary<string, string> NodeSelector,
    ImmutableArray<ImmutableArray<Requirement>> RequiredNodes,
    ImmutableArray<WeightedNodes> PreferredNodes,
    ImmutableArray<AffinityTerm> Affinity,
    ImmutableArray<AffinityTerm> AntiAffinity)
{
    public static PlacementRules None { get; } = new(TextMaps.Empty, [], [], [], []);
}

/// <summary>A condition on labels.</summary>
public sealed record Requirement(string Key, RequirementOperator Operator, ImmutableArray<string> Values)
{
    public bool Holds(IReadOnlyDictionary<string, string> labels)
    {
        var present = labels.TryGetValue(Key, out var value);
        return Operator switch
        {
            RequirementOperator.In => present && Values.Contains(value!),
            RequirementOperator.NotIn => !present || !Values.Contains(value!),
            RequirementOperator.Exists => present,
            RequirementOperator.DoesNotExist => !present,
            RequirementOperator.Gt => present && Compare(value!) > 0,
            _ => present && Compare(value!) < 0,
        };
    }

    private int Compare(string value) => long.TryParse(value, out var left) && long.TryParse(Values[0], out var right) ? left.CompareTo(right) : 0;
}

public enum RequirementOperator
{
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt,
    Lt,
}

/// <param name="Weight">1 to 100.</param>
public sealed record WeightedNodes(int Weight, ImmutableArray<Requirement> Requirements);

/// <summary>Near to, or away from, the instances that a selector finds.</summary>
/// <param name="Weight">Null is required; else a preference of 1 to 100.</param>
/// <param name="TopologyKey">Level of the topology that "near" is measured by, such as <c>kubernetes.io/hostname</c>.</param>
public sealed record AffinityTerm(ImmutableArray<Requirement> Selector, string TopologyKey, int? Weight);
