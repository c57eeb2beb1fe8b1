using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads a CoordinatedPolicy.</summary>
internal static class PolicyReader
{
    public static CoordinatedPolicy Read(FieldReader document)
    {
        var metadata = GroupReader.Metadata(document);
        var spec = GroupReader.Spec(document);
        document.Ignore("status");
        document.Finish();
        ImmutableArray<CoordinationRule> rules = [.. spec.Maps("policies").Select(Rule)];
        spec.Finish();
        return new CoordinatedPolicy { Metadata = metadata, Rules = rules };
    }

    private static CoordinationRule Rule(FieldReader fields)
    {
        var rule = new CoordinationRule(fields.RequiredText("name"), fields.Texts("roles"));
        if (rule.Roles.Distinct().Count() != rule.Roles.Length) fields.Context.Error(fields.Find("roles")!, "names a role twice");
        if (rule.Roles.IsEmpty && fields.Find("roles") is null or SpecList { Items.Count: 0 }) fields.Context.Error(fields.Node, "needs roles");
        if (fields.Map("strategy") is { } strategy)
        {
            rule = rule with
            {
                Rolling = strategy.Map("rollingUpdate") is { } rolling ? Rolling(rolling, rule.Roles) : null,
                Scaling = strategy.Map("scaling") is { } scaling ? Scaling(scaling) : null,
                Faults = [.. strategy.Maps("faults").Select(fault => Fault(fault, rule.Roles))],
            };
            strategy.Finish();
        }

        fields.Finish();
        return rule;
    }

    private static RollingCoordination Rolling(FieldReader fields, ImmutableArray<string> roles)
    {
        var rolling = new RollingCoordination(fields.Amount("maxSkew"), fields.Amount("partition"), fields.Amount("maxUnavailable"))
        {
            Order = fields.Texts("order"),
            MaxUnavailableTogether = fields.Amount("maxUnavailableTogether"),
        };
        CheckKnown(fields, "order", roles);
        fields.Finish();
        return rolling;
    }

    private static ScalingCoordination Scaling(FieldReader fields)
    {
        var scaling = new ScalingCoordination(fields.Amount("maxSkew", fractions: true), fields.OptionalChoice<ScalingProgression>("progression"));
        if (scaling.MaxSkew is { IsPercent: false }) fields.Context.Error(fields.Find("maxSkew")!, $"is {scaling.MaxSkew}; expected a percentage from 0% to 100%");
        fields.Finish();
        return scaling;
    }

    private static FaultReaction Fault(FieldReader fields, ImmutableArray<string> roles)
    {
        var when = fields.RequiredText("when");
        var fault = new FaultReaction(when, fields.Choice("action", FaultAction.None), fields.Texts("roles"));
        if (when.Length > 0 && !roles.Contains(when)) fields.Context.Error(fields.Find("when")!, $"no role named \"{when}\" in this rule");
        CheckKnown(fields, "roles", roles);
        fields.Finish();
        return fault.Roles.IsEmpty ? fault with { Roles = roles.Remove(when) } : fault;
    }

    private static void CheckKnown(FieldReader fields, string name, ImmutableArray<string> roles)
    {
        foreach (var item in fields.Items(name).OfType<SpecScalar>())
        {
            if (!roles.Contains(item.Text)) fields.Context.Error(item, $"no role named \"{item.Text}\" in this rule");
        }
    }
}
