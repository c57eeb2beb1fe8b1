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
        var launches = new LaunchFactory(group, role, instance.Key.Ordinal, instance.Revision).Launches().ToList();
        var processes = launches.ToLookup(each => each.Component.Name, each => each.Launch.Instance);
        var members = launches.Select(each => Member(each.Launch, PlaceOf(instance, each.Member), [.. Variables(role, each.Component, instance, leader)]) with
        {
            After = [.. ComponentOrder.Of(each.Component).StartAfter.SelectMany(name => processes[name])],
            GoneAfter = [.. ComponentOrder.GoneBefore(role, each.Component).SelectMany(name => processes[name])],
            Ports = [.. ComponentDiscovery.Of(each.Component).Ports.Where(port => port.IsOfPod(role)).Select(port => new PortVariable(port.Env, ProcessOf(role, port, launches), port.Port))],
        });
        return new InstanceOrder(group, role.Name, instance.Key.Ordinal, instance.Revision, [.. members])
        {
            IsRecreated = !instance.InPlace,
            Grace = instance.Grace,
            Before = Hook(role.Rollout.BeforeUpdate),
            After = Hook(role.Rollout.AfterUpdate),
            Together = role.Restart.Type == RestartPolicyType.RecreateRoleInstanceOnPodRestart ? new RestartDelays(role.Restart.BaseDelay, role.Restart.MaxDelay) : null,
        };
    }

    /// <summary>Whether an instance was ordered to be where its coordinator has placed it, as far as it says so.</summary>
    /// <param name="role">In the revision that it is to be; null if nobody knows that any more.</param>
    public static bool IsAt(RoleInstanceProtocol.Observed observed, RoleSpec? role, ManagedInstance instance)
    {
        if (role is null) return true;
        var places = instance.Places.Take(role.Size);   // It may have had more members when it was placed.
        return (observed.Agents is not { } agents || agents == InstanceOrder.AgentsOf(places.Select(place => place.AgentPath)))
            && (observed.Devices is not { } devices || devices == InstanceOrder.DevicesOf(places.Select(place => (place.Node, place.Gpus?.AsEnumerable()))));
    }

    private static Place PlaceOf(ManagedInstance instance, int member) => instance.Places[Math.Min(member, instance.Places.Length - 1)];

    /// <summary>Where others of the instance are.</summary>
    private static IEnumerable<Variable> Variables(RoleSpec role, ComponentSpec component, ManagedInstance instance, string leader)
    {
        if (role.Pattern == RolePattern.LeaderWorker) yield return new Variable("RBG_LWP_LEADER_ADDRESS", leader);
        foreach (var address in ComponentDiscovery.Of(component).Addresses)
        {
            yield return new Variable(address.Env, PlaceOf(instance, MemberOf(role, address.Component, address.Index)).Address);
        }
    }

    /// <summary>Number of a component's member among all of the instance.</summary>
    private static int MemberOf(RoleSpec role, string component, int index) => role.Components.TakeWhile(other => other.Name != component).Sum(other => other.Size) + index;

    /// <summary>The process that has a pod's ports is the first of its containers.</summary>
    private static string ProcessOf(RoleSpec role, ComponentPort port, IEnumerable<(int Member, ComponentSpec Component, InstanceLaunch Launch)> launches) =>
        launches.First(each => each.Member == MemberOf(role, port.Component, port.Index)).Launch.Instance;

    private static MemberOrder Member(InstanceLaunch launch, Place place, ImmutableArray<Variable> others)
    {
        ImmutableArray<Variable> added = [new Variable("NODE_NAME", place.Node), .. others];
        return new MemberOrder(Placed(launch) with { Init = [.. launch.Init.Select(Placed)] }, place.Node, place.AgentPath);

        InstanceLaunch Placed(InstanceLaunch each) => each with
        {
            Environment = [.. added, .. each.Environment],
            Resources = place.Gpus is { } gpus ? each.Resources with { Gpus = [.. gpus] } : each.Resources,
        };
    }

    private static OrderHook? Hook(HookSpec? hook) => hook is null ? null : new OrderHook(ProbeForms.Read(hook.Action), hook.Timeout);
}
