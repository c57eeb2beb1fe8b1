using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>Makes what an agent is to do from a warm-up's actions.</summary>
internal static class WarmupLaunches
{
    /// <param name="actions">Of all roles on the host; the same container twice runs once.</param>
    public static AgentProtocol.Warm Create(Warmup warmup, IReadOnlyList<WarmupActions> actions, TimeSpan limit)
    {
        var images = actions.SelectMany(action => action.Images).Distinct().ToImmutableArray();
        var launches = actions.SelectMany((action, index) => Launches(warmup, action, index)).ToImmutableArray();
        return new AgentProtocol.Warm(warmup.Name, images, launches, limit);
    }

    private static IEnumerable<InstanceLaunch> Launches(Warmup warmup, WarmupActions action, int index)
    {
        if (action.Containers.IsEmpty) return [];
        var labels = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
        var template = new PodTemplate { Containers = action.Containers, Volumes = action.Volumes };
        var role = new RoleSpec { Name = "warmup", Components = [new ComponentSpec("", 1, null, labels, labels, template)] };
        // The owner is no role instance: nobody is told of its processes but the warm-up itself.
        return new LaunchFactory(warmup.Name, role, index, "warmup").Launches().Select(each => each.Launch with { Owner = "" });
    }
}
