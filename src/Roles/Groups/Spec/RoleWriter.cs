using YamlDotNet.RepresentationModel;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Writes a role.</summary>
internal static class RoleWriter
{
    public static YamlMappingNode Role(RoleSpec role)
    {
        var fields = new YamlFields()
            .Text("name", role.Name)
            .Text("role", role.OwnRole)
            .Number("replicas", role.Replicas)
            .Map("labels", role.Labels)
            .Map("annotations", role.Annotations)
            .Texts("dependencies", role.Dependencies)
            .AddIfAny("rolloutStrategy", Rollout(role.Rollout))
            .List("servicePorts", role.ServicePorts, ContainerWriter.ServicePort)
            .Seconds("minReadySeconds", role.MinReady, TimeSpan.Zero)
            .AddIfAny("scalingAdapter", Scaling(role.Scaling));
        if (role.Management != PodManagementPolicy.Parallel) fields.Text("podManagementPolicy", role.Management.ToString());
        return fields.Add(PatternName(role.Pattern), Pattern(role)).Build();
    }

    public static YamlMappingNode? Restart(RoleSpec role) => role.Pattern == RolePattern.Standalone ? null : new YamlFields()
        .Text("type", role.Restart.Type.ToString())
        .Seconds("baseDelaySeconds", role.Restart.BaseDelay)
        .Seconds("maxDelaySeconds", role.Restart.MaxDelay)
        .Build();

    /// <summary>The pattern with its templates. Leader and worker differ in theirs, which one template and patches cannot say again: they are written as they are.</summary>
    public static YamlMappingNode Pattern(RoleSpec role) => role.Pattern switch
    {
        RolePattern.Standalone => new YamlFields().Add("template", ContainerWriter.Template(role.Components[0].Template)).Build(),
        RolePattern.LeaderWorker => new YamlFields()
            .Number("size", role.Size)
            .Add("leaderTemplate", ContainerWriter.Template(role.Components[0].Template))
            .Add("workerTemplate", ContainerWriter.Template(role.Components[1].Template))
            .Text("sharedServiceSelection", role.ServiceSelection.ToString())
            .Add("restartPolicyConfig", Restart(role))
            .Build(),
        _ => new YamlFields()
            .List("components", role.Components, Component)
            .Add("restartPolicyConfig", Restart(role))
            .Build(),
    };

    private static string PatternName(RolePattern pattern) => pattern switch
    {
        RolePattern.Standalone => "standalonePattern",
        RolePattern.LeaderWorker => "leaderWorkerPattern",
        _ => "customComponentsPattern",
    };

    private static YamlMappingNode Component(ComponentSpec component) => new YamlFields()
        .Text("name", component.Name)
        .Number("size", component.Size)
        .Text("serviceName", component.ServiceName)
        .Map("labels", component.Labels)
        .Map("annotations", component.Annotations)
        .Add("template", ContainerWriter.Template(component.Template))
        .Build();

    private static YamlMappingNode Rollout(RolloutStrategy rollout)
    {
        var usual = new RolloutStrategy();
        var rolling = new YamlFields();
        if (rollout.Type != usual.Type) rolling.Text("type", rollout.Type.ToString());
        rolling
            .Amount("partition", rollout.Partition, usual.Partition)
            .Amount("maxUnavailable", rollout.MaxUnavailable, usual.MaxUnavailable)
            .Amount("maxSurge", rollout.MaxSurge, usual.MaxSurge)
            .Flag("paused", rollout.Paused)
            .AddIfAny("inPlaceUpdateStrategy", new YamlFields().Seconds("gracePeriodSeconds", rollout.Grace, TimeSpan.Zero).Build())
            .Add("beforeUpdate", rollout.BeforeUpdate is { } before ? Hook(before) : null)
            .Add("afterUpdate", rollout.AfterUpdate is { } after ? Hook(after) : null);
        return new YamlFields()
            .AddIfAny("rollingUpdate", rolling.Build())
            .Seconds("progressDeadlineSeconds", rollout.ProgressDeadline, usual.ProgressDeadline)
            .Build();
    }

    private static YamlMappingNode Hook(HookSpec hook) => ContainerWriter.Action(new YamlFields(), hook.Action).Seconds("timeoutSeconds", hook.Timeout).Build();

    private static YamlMappingNode Scaling(RoleScaling scaling) => new YamlFields()
        .Flag("enable", scaling.Enable)
        .Map("labels", scaling.Labels)
        .Add("autoscaling", scaling.Autoscaling is { } autoscaling ? DocumentWriter.Autoscaling(autoscaling) : null)
        .Build();
}
