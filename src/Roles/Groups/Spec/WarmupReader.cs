using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads a RoleBasedGroupWarmup.</summary>
internal static class WarmupReader
{
    public static Warmup Read(FieldReader document)
    {
        var metadata = GroupReader.Metadata(document);
        var spec = GroupReader.Spec(document);
        document.Ignore("status");
        document.Finish();
        if (spec.Has("targetNodes") == spec.Has("targetRoleBasedGroup")) spec.Context.Error(spec.Node, "needs exactly one of targetNodes and targetRoleBasedGroup");
        var warmup = new Warmup
        {
            Metadata = metadata,
            Paused = spec.Flag("paused"),
            Policies = Policies(spec.Map("policies")),
            TargetNodes = spec.Map("targetNodes") is { } nodes ? Nodes(nodes) : null,
            TargetGroup = spec.Map("targetRoleBasedGroup") is { } group ? Group(group) : null,
        };
        spec.Ignore("tolerations");
        spec.Finish();
        return warmup;
    }

    private static WarmupPolicies Policies(FieldReader? fields)
    {
        if (fields is null) return new WarmupPolicies();
        var policies = new WarmupPolicies
        {
            Parallelism = fields.Integer("parallelism", 1),
            BackoffLimitPerNode = fields.Integer("backoffLimitPerNode", 0),
            MaxFailedNodes = fields.Integer("maxFailedNodes", 0),
            GlobalTimeout = fields.OptionalSeconds("globalTimeoutSeconds", min: 1),
            TimeToLiveAfterFinished = fields.OptionalSeconds("ttlSecondsAfterFinished"),
        };
        if (policies is { MaxFailedNodes: not null, BackoffLimitPerNode: null }) fields.Context.Error(fields.Find("maxFailedNodes")!, "needs backoffLimitPerNode: without it no host ever counts as failed");
        fields.Finish();
        return policies;
    }

    private static WarmupNodes Nodes(FieldReader fields)
    {
        if (fields.Has("nodeNames") == fields.Has("nodeSelector")) fields.Context.Error(fields.Node, "needs exactly one of nodeNames and nodeSelector");
        var nodes = new WarmupNodes(fields.Texts("nodeNames"), fields.TextMap("nodeSelector"), Actions(fields));
        fields.Finish();
        return nodes;
    }

    private static WarmupGroup Group(FieldReader fields)
    {
        var roles = ImmutableSortedDictionary.CreateBuilder<string, WarmupActions>(StringComparer.Ordinal);
        var map = fields.Map("roles");
        foreach (var (role, _, _) in map?.Node.Entries ?? [])
        {
            if (map!.Map(role) is not { } actions) continue;
            roles[role] = Actions(actions);
            actions.Finish();
        }

        if (map is null or { Node.Entries.Count: 0 }) fields.Context.Error(fields.Node, "needs roles with their actions");
        var group = new WarmupGroup(fields.RequiredText("name"), roles.ToImmutable());
        fields.Finish();
        return group;
    }

    private static WarmupActions Actions(FieldReader fields)
    {
        var (preload, custom) = (fields.Map("imagePreload"), fields.Map("customizedAction"));
        if (!fields.Has("imagePreload") && !fields.Has("customizedAction")) fields.Context.Error(fields.Node, "needs imagePreload or customizedAction");
        var actions = new WarmupActions(
            preload?.Texts("images") ?? [],
            [.. (custom?.Maps("containers") ?? []).Select(container => ContainerReader.Read(container))],
            [.. (custom?.Maps("volumes") ?? []).Select(TemplateReader.Volume)]);
        preload?.Ignore("pullSecrets");
        preload?.Finish();
        custom?.Finish();
        return actions;
    }
}
