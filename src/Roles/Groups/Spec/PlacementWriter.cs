using System.Collections.Immutable;
using YamlDotNet.RepresentationModel;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Writes where a member may be.</summary>
internal static class PlacementWriter
{
    public static YamlFields Add(YamlFields fields, PlacementRules rules) => fields
        .Map("nodeSelector", rules.NodeSelector)
        .AddIfAny("affinity", new YamlFields()
            .AddIfAny("nodeAffinity", NodeAffinity(rules))
            .AddIfAny("podAffinity", Terms(rules.Affinity))
            .AddIfAny("podAntiAffinity", Terms(rules.AntiAffinity))
            .Build());

    private static YamlMappingNode NodeAffinity(PlacementRules rules) => new YamlFields()
        .AddIfAny("requiredDuringSchedulingIgnoredDuringExecution", new YamlFields().List("nodeSelectorTerms", rules.RequiredNodes, Expressions).Build())
        .List("preferredDuringSchedulingIgnoredDuringExecution", rules.PreferredNodes, preferred => new YamlFields()
            .Number("weight", preferred.Weight)
            .Add("preference", Expressions(preferred.Requirements))
            .Build())
        .Build();

    private static YamlMappingNode Terms(ImmutableArray<AffinityTerm> terms) => new YamlFields()
        .List("requiredDuringSchedulingIgnoredDuringExecution", terms.Where(term => term.Weight is null), Term)
        .List("preferredDuringSchedulingIgnoredDuringExecution", terms.Where(term => term.Weight is not null), term => new YamlFields()
            .Number("weight", term.Weight!.Value)
            .Add("podAffinityTerm", Term(term))
            .Build())
        .Build();

    private static YamlMappingNode Term(AffinityTerm term) => new YamlFields()
        .Add("labelSelector", Expressions(term.Selector))
        .Text("topologyKey", term.TopologyKey)
        .Build();

    private static YamlMappingNode Expressions(ImmutableArray<Requirement> requirements) => new YamlFields()
        .List("matchExpressions", requirements, requirement => new YamlFields()
            .Text("key", requirement.Key)
            .Text("operator", requirement.Operator.ToString())
            .Texts("values", requirement.Values)
            .Build())
        .Build();
}
