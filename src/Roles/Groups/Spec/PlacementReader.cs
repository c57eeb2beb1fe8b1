using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads where a member may be, from the fields of a pod's spec.</summary>
internal static class PlacementReader
{
    private const string Required = "requiredDuringSchedulingIgnoredDuringExecution";
    private const string Preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    private const string HostName = "kubernetes.io/hostname";

    public static PlacementRules Read(FieldReader spec)
    {
        var selector = spec.TextMap("nodeSelector");
        if (spec.Text("nodeName") is { } node) selector = selector.SetItem(HostName, node);
        if (spec.Map("affinity") is not { } affinity) return PlacementRules.None with { NodeSelector = selector };
        var rules = new PlacementRules(selector, RequiredNodes(affinity), PreferredNodes(affinity), Terms(affinity, "podAffinity"), Terms(affinity, "podAntiAffinity"));
        affinity.Map("nodeAffinity")?.Ignore();
        affinity.Finish();
        return rules;
    }

    private static ImmutableArray<ImmutableArray<Requirement>> RequiredNodes(FieldReader affinity)
    {
        if (affinity.Map("nodeAffinity")?.Map(Required) is not { } required) return [];
        ImmutableArray<ImmutableArray<Requirement>> terms = [.. required.Maps("nodeSelectorTerms").Select(Expressions)];
        required.Finish();
        return terms;
    }

    private static ImmutableArray<WeightedNodes> PreferredNodes(FieldReader affinity)
    {
        if (affinity.Map("nodeAffinity") is not { } nodes) return [];
        var preferred = ImmutableArray.CreateBuilder<WeightedNodes>();
        foreach (var term in nodes.Maps(Preferred))
        {
            var weight = term.Integer("weight", 1, 100) ?? 1;
            preferred.Add(new WeightedNodes(weight, term.Map("preference") is { } preference ? Expressions(preference) : []));
            term.Finish();
        }

        nodes.Find(Required);
        nodes.Finish();
        return preferred.ToImmutable();
    }

    private static ImmutableArray<AffinityTerm> Terms(FieldReader affinity, string name)
    {
        if (affinity.Map(name) is not { } fields) return [];
        var terms = ImmutableArray.CreateBuilder<AffinityTerm>();
        foreach (var required in fields.Maps(Required)) terms.Add(Term(required, weight: null));
        foreach (var preferred in fields.Maps(Preferred))
        {
            var weight = preferred.Integer("weight", 1, 100) ?? 1;
            if (preferred.Map("podAffinityTerm") is { } term) terms.Add(Term(term, weight));
            else fields.Context.Error(preferred.Node, "needs a podAffinityTerm");
            preferred.Finish();
        }

        fields.Finish();
        return terms.ToImmutable();
    }

    private static AffinityTerm Term(FieldReader fields, int? weight)
    {
        var selector = fields.Map("labelSelector") is { } labels ? Expressions(labels) : [];
        var term = new AffinityTerm(selector, fields.RequiredText("topologyKey"), weight);
        fields.Ignore("namespaces", "namespaceSelector", "matchLabelKeys", "mismatchLabelKeys");
        fields.Finish();
        return term;
    }

    /// <summary>The conditions of a label selector or a node selector term; all must hold.</summary>
    public static ImmutableArray<Requirement> Expressions(FieldReader fields)
    {
        var requirements = ImmutableArray.CreateBuilder<Requirement>();
        foreach (var (key, value) in fields.TextMap("matchLabels")) requirements.Add(new Requirement(key, RequirementOperator.In, [value]));
        foreach (var expression in fields.Maps("matchExpressions"))
        {
            var requirement = new Requirement(expression.RequiredText("key"), expression.Choice("operator", RequirementOperator.Exists), expression.Texts("values"));
            var valued = requirement.Operator is not (RequirementOperator.Exists or RequirementOperator.DoesNotExist);
            if (valued && requirement.Values.IsEmpty) fields.Context.Error(expression.Node, "needs values");
            expression.Finish();
            requirements.Add(requirement);
        }

        fields.Ignore("matchFields");
        fields.Finish();
        return requirements.ToImmutable();
    }
}
