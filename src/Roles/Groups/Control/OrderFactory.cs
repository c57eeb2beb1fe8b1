using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Makes the orders of a group's instances from its spec.</summary>
public static class OrderFactory
{
    /// <param name="group">Name of the group.</param>
    /// <param name="role">In the revision that the instance is to be.</param>
    /// <param name="instance">Its place.</param>
    public static InstanceOrder Create(string group, RoleSpec role, ManagedInstance instance)
    {
        var leader = instance.Places.Length > 0 ? instance.Places[0].Address : "";
        var members = new LaunchFactory(group, role, instance.Key.Ordinal, instance.Revision).Launches()
            .Select(member => Member(member.Launch, instance.Places[Math.Min(member.Member, instance.Places.Length - 1)], leader, role));
        return new InstanceOrder(group, role.Name, instance.Key.Ordinal, instance.Revision, [.. members])
        {
            IsRecreated = !instance.InPlace,
            Grace = instance.Grace,
            Before = Hook(role.Rollout.BeforeUpdate),
            After = Hook(role.Rollout.AfterUpdate),
            Together = role.Restart.Type == RestartPolicyType.RecreateRoleInstanceOnPodRestart ? new RestartDelays(role.Restart.BaseDelay, role.Restart.MaxDelay) : null,
        };
    }

    private static MemberOrder Member(InstanceLaunch launch, Place place, string leader, RoleSpec role)
    {
        ImmutableArray<Variable> added = role.Pattern == RolePattern.LeaderWorker
            ? [new Variable("NODE_NAME", place.Node), new Variable("RBG_LWP_LEADER_ADDRESS", leader)]
            : [new Variable("NODE_NAME", place.Node)];
        return new MemberOrder(Placed(launch) with { Init = [.. launch.Init.Select(Placed)] }, place.Node, place.AgentPath);

        InstanceLaunch Placed(InstanceLaunch each) => each with
        {
            Environment = [.. added, .. each.Environment],
            Resources = place.Gpus is { } gpus ? each.Resources with { Gpus = [.. gpus] } : each.Resources,
        };
    }

    private static OrderHook? Hook(HookSpec? hook) => hook is null ? null : new OrderHook(ProbeForms.Read(hook.Action), hook.Timeout);
}
