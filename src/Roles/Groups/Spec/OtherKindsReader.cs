using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads sets, scaling adapters and engine runtime profiles.</summary>
internal static class OtherKindsReader
{
    public static RoleBasedGroupSet Set(FieldReader document, IReadOnlyDictionary<string, EngineRuntimeProfile> profiles)
    {
        var metadata = GroupReader.Metadata(document);
        var spec = GroupReader.Spec(document);
        document.Ignore("status");
        document.Finish();
        var replicas = spec.Integer("replicas", 0) ?? 1;
        var template = spec.Map("groupTemplate");
        if (template is null && !spec.Has("groupTemplate")) spec.Context.Error(spec.Node, "needs a groupTemplate");
        spec.Finish();
        template ??= new FieldReader(new SpecContext(), SpecMap.At(document.Node));

        // The field's type has labels and annotations itself; examples write them under metadata.
        var (labels, annotations) = TemplateReader.Metadata(template);
        labels = labels.AddRange(template.TextMap("labels"));
        annotations = annotations.SetItems(template.TextMap("annotations"));
        var group = GroupReader.Build(new ObjectMetadata(metadata.Name, metadata.Namespace, labels, annotations), template, GroupReader.Spec(template), profiles);
        template.Finish();
        return new RoleBasedGroupSet { Metadata = metadata, Replicas = replicas, Template = group };
    }

    public static ScalingAdapter Adapter(FieldReader document)
    {
        var metadata = GroupReader.Metadata(document);
        var spec = GroupReader.Spec(document);
        document.Ignore("status");
        document.Finish();
        var target = spec.Map("scaleTargetRef");
        if (target is null && !spec.Has("scaleTargetRef")) spec.Context.Error(spec.Node, "needs a scaleTargetRef");
        var adapter = new ScalingAdapter
        {
            Metadata = metadata,
            Replicas = spec.Integer("replicas", 0),
            Group = target?.RequiredText("name") ?? "",
            Role = target?.RequiredText("role") ?? "",
            Autoscaling = spec.Map("autoscaling") is { } autoscaling ? Autoscaling(autoscaling) : null,
        };
        target?.Finish();
        spec.Finish();
        return adapter;
    }

    public static RoleScaling Scaling(FieldReader? fields)
    {
        if (fields is null) return RoleScaling.None;
        var scaling = new RoleScaling(fields.Flag("enable"), fields.TextMap("labels"), fields.Map("autoscaling") is { } autoscaling ? Autoscaling(autoscaling) : null);
        fields.Finish();
        return scaling;
    }

    public static EngineRuntimeProfile Profile(FieldReader document)
    {
        var metadata = GroupReader.Metadata(document);
        var spec = GroupReader.Spec(document);
        document.Ignore("status");
        document.Finish();
        var profile = new EngineRuntimeProfile
        {
            Metadata = metadata,
            InitContainers = [.. spec.Maps("initContainers").Select(container => ContainerReader.ReadInit(container))],
            Containers = [.. spec.Maps("containers").Select(container => ContainerReader.Read(container))],
            Volumes = [.. spec.Maps("volumes").Select(TemplateReader.Volume)],
            Update = spec.Choice("updateStrategy", ProfileUpdate.NoUpdate),
        };
        spec.Finish();
        return profile;
    }

    private static AutoscalingSpec Autoscaling(FieldReader fields)
    {
        var min = fields.Integer("minReplicas", 0) ?? 1;
        var max = fields.Integer("maxReplicas", 1) ?? Math.Max(1, min);
        if (max < min) fields.Context.Error(fields.Find("maxReplicas")!, $"is {max}; expected at least minReplicas, {min}");
        var usual = new AutoscalingSpec(min, max, []);
        var spec = usual with
        {
            Metrics = [.. fields.Maps("metrics").Select(Metric)],
            UpWindow = fields.Seconds("scaleUpWindowSeconds", usual.UpWindow),
            DownWindow = fields.Seconds("scaleDownWindowSeconds", usual.DownWindow),
            Tolerance = fields.Number("tolerance", 0, 1) ?? usual.Tolerance,
            Ratio = Ratio(fields.Map("ratio")),
        };
        if (spec.Metrics.IsEmpty) fields.Context.Error(fields.Node, "needs metrics");
        fields.Finish();
        return spec;
    }

    private static MetricTarget Metric(FieldReader fields)
    {
        if (!fields.Has("type")) fields.Context.Error(fields.Node, $"needs a type, one of {string.Join(", ", Enum.GetNames<ScalingMetric>())}");
        var target = fields.Number("target", 0, 1e12);
        if (target is null && !fields.Has("target")) fields.Context.Error(fields.Node, "needs a target");
        if (target is 0) fields.Context.Error(fields.Find("target")!, "is 0; expected more");
        var metric = new MetricTarget(fields.Choice("type", ScalingMetric.QueueTokens), target ?? 1);
        fields.Finish();
        return metric;
    }

    private static ImmutableSortedDictionary<string, double> Ratio(FieldReader? fields)
    {
        var ratio = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        foreach (var (role, _, _) in fields?.Node.Entries ?? [])
        {
            if (fields!.Number(role, 0, 10_000) is { } number) ratio[role] = number;
        }

        return ratio.ToImmutable();
    }
}
