using ActorInference.Roles.Groups.Planning.Strict;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>What one role creates, updates and removes next, as RBG's stateful instance set does.</summary>
internal static class StrictRoll
{
    public static void Run(RoleView role, RoleLimits limits, RolePlan plan, bool paused)
    {
        var state = State(role, limits, paused);
        var (_, end) = StatefulRoll.Surge(state);
        var slots = role.Live.ToDictionary(instance => instance.Ordinal);
        foreach (var instance in role.Live.Where(instance => instance.Ordinal >= end).Reverse()) plan.Delete(instance, "its ordinal is beyond the replicas");
        Fill(role, limits, plan, end, slots);
        var deleted = plan.Actions.OfType<DeleteInstance>().Select(action => action.Instance.Ordinal).ToHashSet();
        foreach (var ordinal in StatefulRoll.Next(state).Where(ordinal => !deleted.Contains(ordinal)))
        {
            if (!plan.Update(slots[ordinal])) break;
        }
    }

    /// <summary>Whether the role's update revision may become its current one.</summary>
    /// <param name="status">Whether the status that was last written down has all instances of the group updated.</param>
    public static bool Advances(RoleView role, RoleLimits limits, bool paused, bool status) =>
        role.Update == role.Stable || StatefulRoll.Advances(State(role, limits, paused), role.Update, status ? new PriorStatus(role.Update, role.Desired) : null);

    private static RollState State(RoleView role, RoleLimits limits, bool paused)
    {
        var maxSurge = role.Spec.Rollout.MaxSurge.RoundUp(role.Desired);
        var slots = role.Live.Concat(role.Leaving)
            .Select(instance => new RollSlot(
                instance.Ordinal,
                role.IsUpdated(instance),
                role.IsAvailable(instance) && instance.Phase == InstancePhase.Running,
                role.HasBeenDown(instance, StatefulRoll.StablyUnhealthy),
                instance.Phase == InstancePhase.Terminating))
            .ToList();
        return new RollState(
            limits.Target, maxSurge, StatefulRoll.MaxUnavailable(limits.MaxUnavailable, maxSurge, role.Desired), limits.Partition, role.InRollout,
            paused || role.Spec.Rollout.Paused, slots);
    }

    private static void Fill(RoleView role, RoleLimits limits, RolePlan plan, int end, Dictionary<int, ObservedInstance> slots)
    {
        for (var ordinal = 0; ordinal < end; ordinal++)
        {
            var ordered = role.Spec.Management == PodManagementPolicy.OrderedReady;
            if (slots.TryGetValue(ordinal, out var existing))
            {
                if (ordered && !existing.Ready) return;
                continue;
            }

            if (role.Leaving.Any(instance => instance.Ordinal == ordinal)) continue;
            plan.Create(ordinal, ordinal < limits.Partition ? role.Stable : role.Update, ordinal >= limits.Target);
            if (ordered) return;
        }
    }
}
