namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads how a role is updated and restarted.</summary>
internal static class RolloutReader
{
    public static RolloutStrategy Read(FieldReader? fields)
    {
        var usual = new RolloutStrategy();
        if (fields is null) return usual;
        if (fields.Text("type") is { } type && type != "RollingUpdate") fields.Context.Error(fields.Find("type")!, $"is '{type}'; expected RollingUpdate");
        var rollout = usual with { ProgressDeadline = fields.Seconds("progressDeadlineSeconds", usual.ProgressDeadline) };
        if (fields.Map("rollingUpdate") is { } rolling)
        {
            rollout = rollout with
            {
                Type = rolling.Choice("type", usual.Type),
                Partition = rolling.Amount("partition") ?? usual.Partition,
                MaxUnavailable = rolling.Amount("maxUnavailable") ?? usual.MaxUnavailable,
                MaxSurge = rolling.Amount("maxSurge", maxPercent: 10_000) ?? usual.MaxSurge,
                Paused = rolling.Flag("paused"),
                Grace = Grace(rolling.Map("inPlaceUpdateStrategy")),
                BeforeUpdate = Hook(rolling.Map("beforeUpdate")),
                AfterUpdate = Hook(rolling.Map("afterUpdate")),
            };
            rolling.Finish();
        }

        fields.Finish();
        return rollout;
    }

    /// <summary>What a pattern says of restarts: its config, else its older field, else the pattern's default.</summary>
    public static RestartPolicy Restart(FieldReader pattern)
    {
        var type = pattern.Choice("restartPolicy", RestartPolicyType.RecreateRoleInstanceOnPodRestart);
        var policy = new RestartPolicy(type);
        if (pattern.Map("restartPolicyConfig") is not { } config) return policy;
        policy = new RestartPolicy(config.Choice("type", type))
        {
            BaseDelay = config.Seconds("baseDelaySeconds", policy.BaseDelay),
            MaxDelay = config.Seconds("maxDelaySeconds", policy.MaxDelay),
        };
        if (policy.MaxDelay < policy.BaseDelay)
            pattern.Context.Error(config.Node, $"maxDelaySeconds is {policy.MaxDelay.TotalSeconds}; expected at least baseDelaySeconds, {policy.BaseDelay.TotalSeconds}");
        config.Finish();
        return policy;
    }

    /// <summary>What RBG's admission refuses: a rollout that could never move, and a partition that leaves nothing to update.</summary>
    public static void Check(FieldReader fields, RoleSpec role)
    {
        if (role.Replicas == 0 || fields.Map("rolloutStrategy")?.Map("rollingUpdate") is not { } rolling) return;
        var rollout = role.Rollout;
        if (rollout.MaxSurge.RoundUp(role.Replicas) == 0 && rollout.MaxUnavailable.RoundDown(role.Replicas) == 0)
            fields.Context.Error(rolling.Find("maxUnavailable") ?? rolling.Node, $"maxUnavailable {rollout.MaxUnavailable} and maxSurge {rollout.MaxSurge} of {role.Replicas} replicas are both 0: nothing could be updated");
        if (rollout.Partition.RoundUp(role.Replicas) >= role.Replicas)
            fields.Context.Error(rolling.Find("partition")!, $"is {rollout.Partition} of {role.Replicas} replicas; expected less than all of them");
    }

    private static TimeSpan Grace(FieldReader? fields)
    {
        var grace = fields?.Seconds("gracePeriodSeconds", TimeSpan.Zero) ?? TimeSpan.Zero;
        fields?.Finish();
        return grace;
    }

    private static HookSpec? Hook(FieldReader? fields)
    {
        if (fields is null) return null;
        var action = ContainerReader.Action(fields);
        var timeout = fields.Seconds("timeoutSeconds", TimeSpan.FromSeconds(60), min: 1);
        fields.Finish();
        return action is null ? null : new HookSpec(action, timeout);
    }
}
