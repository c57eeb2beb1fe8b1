using YamlDotNet.RepresentationModel;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Writes what a warm-up says.</summary>
internal static class WarmupWriter
{
    public static YamlMappingNode Spec(Warmup warmup) => new YamlFields()
        .Flag("paused", warmup.Paused)
        .AddIfAny("policies", Policies(warmup.Policies))
        .Add("targetNodes", warmup.TargetNodes is { } nodes ? Nodes(nodes) : null)
        .Add("targetRoleBasedGroup", warmup.TargetGroup is { } group ? Group(group) : null)
        .Build();

    private static YamlMappingNode Policies(WarmupPolicies policies)
    {
        var fields = new YamlFields();
        if (policies.Parallelism is { } parallelism) fields.Number("parallelism", parallelism);
        if (policies.BackoffLimitPerNode is { } limit) fields.Number("backoffLimitPerNode", limit);
        if (policies.MaxFailedNodes is { } failed) fields.Number("maxFailedNodes", failed);
        if (policies.GlobalTimeout is { } timeout) fields.Seconds("globalTimeoutSeconds", timeout);
        if (policies.TimeToLiveAfterFinished is { } kept) fields.Seconds("ttlSecondsAfterFinished", kept);
        return fields.Build();
    }

    private static YamlMappingNode Nodes(WarmupNodes nodes)
    {
        var fields = new YamlFields().Texts("nodeNames", nodes.Names).Map("nodeSelector", nodes.Selector);
        return Actions(fields, nodes.Actions).Build();
    }

    private static YamlMappingNode Group(WarmupGroup group)
    {
        var roles = new YamlMappingNode();
        foreach (var (role, actions) in group.Roles) roles.Add(role, Actions(new YamlFields(), actions).Build());
        return new YamlFields().Text("name", group.Name).AddIfAny("roles", roles).Build();
    }

    private static YamlFields Actions(YamlFields fields, WarmupActions actions) => fields
        .AddIfAny("imagePreload", new YamlFields().Texts("images", actions.Images).Build())
        .AddIfAny("customizedAction", new YamlFields()
            .List("containers", actions.Containers, ContainerWriter.Container)
            .List("volumes", actions.Volumes, ContainerWriter.Volume)
            .Build());
}
