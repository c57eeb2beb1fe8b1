using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Writes the kinds.</summary>
internal static class DocumentWriter
{
    public static YamlMappingNode Document(SpecDocument document) => new YamlFields()
        .Text("apiVersion", SpecNames.V1Alpha2)
        .Text("kind", document.Kind)
        .Add("metadata", Metadata(document.Metadata))
        .Add("spec", Spec(document))
        .Build();

    private static YamlMappingNode Spec(SpecDocument document) => document switch
    {
        RoleBasedGroup group => Group(group),
        CoordinatedPolicy policy => new YamlFields().List("policies", policy.Rules, Rule).Build(),
        RoleBasedGroupSet set => new YamlFields().Number("replicas", set.Replicas).Add("groupTemplate", GroupTemplate(set.Template)).Build(),
        ScalingAdapter adapter => Adapter(adapter),
        EngineRuntimeProfile profile => Profile(profile),
        Warmup warmup => WarmupWriter.Spec(warmup),
        _ => throw new InvalidOperationException($"{document.GetType().Name} has no written form."),
    };

    private static YamlMappingNode Metadata(ObjectMetadata metadata) => new YamlFields()
        .Text("name", metadata.Name)
        .Text("namespace", metadata.Namespace == ObjectMetadata.DefaultNamespace ? null : metadata.Namespace)
        .Map("labels", metadata.Labels)
        .Map("annotations", metadata.Annotations)
        .Build();

    private static YamlMappingNode Group(RoleBasedGroup group) => new YamlFields().List("roles", group.Roles, RoleWriter.Role).Build();

    private static YamlMappingNode GroupTemplate(RoleBasedGroup group) => new YamlFields()
        .Map("labels", group.Metadata.Labels)
        .Map("annotations", group.Metadata.Annotations)
        .Add("spec", Group(group))
        .Build();

    private static YamlMappingNode Rule(CoordinationRule rule) => new YamlFields()
        .Text("name", rule.Name)
        .Texts("roles", rule.Roles)
        .Add("strategy", new YamlFields()
            .Add("rollingUpdate", rule.Rolling is { } rolling ? Rolling(rolling) : null)
            .Add("scaling", rule.Scaling is { } scaling ? Scaling(scaling) : null)
            .List("faults", rule.Faults, Fault)
            .Build())
        .Build();

    private static YamlMappingNode Rolling(RollingCoordination rolling) => new YamlFields()
        .Amount("maxSkew", rolling.MaxSkew)
        .Amount("partition", rolling.Partition)
        .Amount("maxUnavailable", rolling.MaxUnavailable)
        .Texts("order", rolling.Order)
        .Amount("maxUnavailableTogether", rolling.MaxUnavailableTogether)
        .Build();

    private static YamlMappingNode Scaling(ScalingCoordination scaling) => new YamlFields()
        .Amount("maxSkew", scaling.MaxSkew)
        .Text("progression", scaling.Progression?.ToString())
        .Build();

    private static YamlMappingNode Fault(FaultReaction fault) => new YamlFields()
        .Text("when", fault.When)
        .Text("action", fault.Action.ToString())
        .Texts("roles", fault.Roles)
        .Build();

    private static YamlMappingNode Adapter(ScalingAdapter adapter)
    {
        var fields = new YamlFields();
        if (adapter.Replicas is { } replicas) fields.Number("replicas", replicas);
        return fields
            .Add("scaleTargetRef", new YamlFields().Text("name", adapter.Group).Text("role", adapter.Role).Build())
            .Add("autoscaling", adapter.Autoscaling is { } autoscaling ? Autoscaling(autoscaling) : null)
            .Build();
    }

    internal static YamlMappingNode Autoscaling(AutoscalingSpec spec) => new YamlFields()
        .Number("minReplicas", spec.MinReplicas)
        .Number("maxReplicas", spec.MaxReplicas)
        .List("metrics", spec.Metrics, metric => new YamlFields().Text("type", metric.Metric.ToString()).Real("target", metric.Target).Build())
        .Seconds("scaleUpWindowSeconds", spec.UpWindow)
        .Seconds("scaleDownWindowSeconds", spec.DownWindow)
        .Real("tolerance", spec.Tolerance)
        .AddIfAny("ratio", Ratio(spec))
        .Build();

    private static YamlMappingNode Ratio(AutoscalingSpec spec)
    {
        var map = new YamlMappingNode();
        foreach (var (role, ratio) in spec.Ratio) map.Add(role, ratio.ToString("R", CultureInfo.InvariantCulture));
        return map;
    }

    private static YamlMappingNode Profile(EngineRuntimeProfile profile) => new YamlFields()
        .List("initContainers", profile.InitContainers, ContainerWriter.Container)
        .List("containers", profile.Containers, ContainerWriter.Container)
        .List("volumes", profile.Volumes, ContainerWriter.Volume)
        .Text("updateStrategy", profile.Update.ToString())
        .Build();
}
