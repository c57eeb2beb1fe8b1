namespace ActorInference.Roles.Groups.Spec;

/// <summary>Converts documents of v1alpha1 into those of v1alpha2. Values keep their places, so that errors name what was written.</summary>
internal static class V1Alpha1
{
    private const string OldPrefix = "rolebasedgroup.workloads.x-k8s.io/";
    private const string WorkloadType = SpecNames.Prefix + "role-workload-type";

    /// <summary>A group, and the policy that its <c>coordination</c> becomes.</summary>
    public static (SpecMap Group, SpecMap? Policy) Group(SpecMap document)
    {
        if (document.Find("spec") is not SpecMap spec) return (document, null);
        var policy = spec.Find("coordination") is SpecList { Items.Count: > 0 } coordination ? Policy(document, coordination) : null;
        var annotations = (document.Find("metadata") as SpecMap)?.Find("annotations") as SpecMap;
        var converted = GangAnnotations(spec, Annotations(annotations) ?? SpecMap.At(document));
        var metadata = document.Find("metadata") is SpecMap old && (annotations is not null || converted.Entries.Count > 0) ? old.With("annotations", converted) : document.Find("metadata");
        return (document.With("metadata", metadata).With("spec", Spec(spec)), policy);
    }

    /// <summary>A set: its template was the group's spec itself.</summary>
    public static SpecMap Set(SpecMap document)
    {
        if (document.Find("spec") is not SpecMap spec || spec.Find("template") is not SpecMap template) return document;
        var group = SpecMap.At(template).With("spec", Spec(template));
        var annotations = GangAnnotations(template, SpecMap.At(template));
        if (annotations.Entries.Count > 0) group = group.With("annotations", annotations);
        return document.With("spec", spec.Without("template").With("groupTemplate", group));
    }

    private static SpecMap Spec(SpecMap spec)
    {
        var converted = spec.Without("podGroupPolicy", "coordination");
        return spec.Find("roles") is SpecList roles ? converted.With("roles", roles with { Items = [.. roles.Items.Select(role => role is SpecMap map ? Role(map) : role)] }) : converted;
    }

    private static SpecMap Role(SpecMap role)
    {
        var converted = role.Without("workload", "template", "templateRef", "templatePatch", "leaderWorkerSet", "components", "restartPolicy");
        if (Annotations(role.Find("annotations") as SpecMap) is { } annotations) converted = converted.With("annotations", annotations);
        if (role.Find("workload") is SpecMap workload) converted = WithWorkload(converted, workload);
        if (role.Find("rolloutStrategy") is SpecMap rollout) converted = converted.With("rolloutStrategy", Rollout(rollout));
        if (role.Find("leaderWorkerSet") is SpecMap set)
        {
            var pattern = SpecMap.At(set).With("size", set.Find("size")).With("leaderTemplatePatch", set.Find("patchLeaderTemplate")).With("workerTemplatePatch", set.Find("patchWorkerTemplate"));
            foreach (var (key, value, _) in set.Entries)
            {
                if (key is not ("size" or "patchLeaderTemplate" or "patchWorkerTemplate")) pattern = pattern.With(key, value);
            }

            return converted.With("leaderWorkerPattern", Template(pattern, role).With("restartPolicy", role.Find("restartPolicy")));
        }

        if (role.Find("components") is { IsNull: false } components)
            return converted.With("customComponentsPattern", SpecMap.At(components).With("components", components).With("restartPolicy", role.Find("restartPolicy")));
        return role.Find("template") is null && role.Find("templateRef") is null ? converted : converted.With("standalonePattern", Template(SpecMap.At(role), role));
    }

    /// <summary>A pattern with the template that stood directly in the role.</summary>
    private static SpecMap Template(SpecMap pattern, SpecMap role)
    {
        pattern = pattern.With("template", role.Find("template"));
        return role.Find("templateRef") is SpecMap reference ? pattern.With("templateRef", reference.With("patch", role.Find("templatePatch"))) : pattern;
    }

    private static SpecMap WithWorkload(SpecMap role, SpecMap workload)
    {
        var (version, kind) = ((workload.Find("apiVersion") as SpecScalar)?.Text ?? "apps/v1", (workload.Find("kind") as SpecScalar)?.Text ?? "StatefulSet");
        var annotations = role.Find("annotations") as SpecMap ?? SpecMap.At(workload);
        return role.With("annotations", annotations.With(WorkloadType, workload.Scalar($"{version}/{kind}")));
    }

    /// <summary>Here the type was Recreate, which v1alpha2 calls RecreatePod.</summary>
    private static SpecMap Rollout(SpecMap rollout) =>
        rollout.Find("rollingUpdate") is SpecMap rolling && rolling.Find("type") is SpecScalar { Text: "Recreate" } type
            ? rollout.With("rollingUpdate", rolling.With("type", type with { Text = "RecreatePod" }))
            : rollout;

    private static SpecMap? Annotations(SpecMap? annotations) => annotations is null ? null : annotations with
    {
        Entries = [.. annotations.Entries.Select(entry => entry.Key switch
        {
            OldPrefix + "exclusive-topology" => entry with { Key = SpecNames.ExclusiveTopology },
            OldPrefix + "disable-exclusive-topology" => entry with { Key = SpecNames.DisableExclusive },
            _ => entry,
        })],
    };

    private static SpecMap GangAnnotations(SpecMap spec, SpecMap annotations)
    {
        if (spec.Find("podGroupPolicy") is not SpecMap policy) return annotations;
        annotations = annotations.With(SpecNames.GangScheduling, policy.Scalar("true"));
        return policy.Find("kubeScheduling") is SpecMap kube && kube.Find("scheduleTimeoutSeconds") is SpecScalar timeout
            ? annotations.With(SpecNames.GangTimeout, timeout with { Quoted = true })
            : annotations;
    }

    private static SpecMap Policy(SpecMap document, SpecList coordination) => SpecMap.At(document)
        .With("apiVersion", document.Scalar(SpecNames.V1Alpha2))
        .With("kind", document.Scalar(CoordinatedPolicy.KindName))
        .With("metadata", (document.Find("metadata") as SpecMap)?.Without("labels", "annotations"))
        .With("spec", SpecMap.At(coordination).With("policies", coordination with { Items = [.. coordination.Items.Select(item => item is SpecMap rule ? Rule(rule) : item)] }));

    /// <summary>Unset, the progression was OrderScheduled.</summary>
    private static SpecMap Rule(SpecMap rule) =>
        rule.Find("strategy") is SpecMap strategy && strategy.Find("scaling") is SpecMap scaling && scaling.Find("progression") is null
            ? rule.With("strategy", strategy.With("scaling", scaling.With("progression", scaling.Scalar(nameof(ScalingProgression.OrderScheduled)))))
            : rule;
}
