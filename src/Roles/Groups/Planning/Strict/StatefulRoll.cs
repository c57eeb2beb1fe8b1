using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning.Strict;

/// <summary>How RBG's stateful instance set surges and which instances it updates next.</summary>
public static class StatefulRoll
{
    /// <summary>How long an instance is unhealthy before updating it costs no budget.</summary>
    public static TimeSpan StablyUnhealthy { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Instances out of service at the same time: shares round up and are at least 1, but with a surge they round down.</summary>
    public static int MaxUnavailable(IntOrPercent? maxUnavailable, int maxSurge, int replicas)
    {
        var value = maxUnavailable ?? IntOrPercent.Percent(10);
        return maxSurge == 0 ? Math.Max(1, value.RoundUp(replicas)) : value.RoundDown(replicas);
    }

    /// <summary>How many surge instances there are to be.</summary>
    public static (int ActiveSurge, int EndOrdinal) Surge(RollState state)
    {
        var existing = state.Slots.Count(slot => slot.Ordinal >= state.Replicas && slot.Ordinal < state.Replicas + state.MaxSurge && slot.Updated);
        if (state.Paused) return (existing, state.Replicas + existing);
        if (!state.InRollout) return (0, state.Replicas);
        var rolling = state.Slots.Where(slot => slot.Ordinal >= state.Partition && slot.Ordinal < state.Replicas).ToList();
        if (rolling.Count == state.Replicas - state.Partition && rolling.All(slot => slot is { Updated: true, Healthy: true })) return (0, state.Replicas);
        var needed = Math.Max(0, rolling.Count(slot => slot is { Updated: false, Healthy: true }) - state.MaxUnavailable);
        var active = Math.Min(state.MaxSurge, Math.Max(needed, existing));
        return (active, state.Replicas + active);
    }

    /// <summary>Ordinals to update now: from the highest down, those that cost nothing and as many others as the budget has.</summary>
    public static List<int> Next(RollState state)
    {
        if (state.Paused) return [];
        var budget = state.MaxUnavailable + state.Slots.Count(slot => slot.Ordinal >= state.Replicas && slot is { Updated: true, Healthy: true });
        var present = state.Slots.Count(slot => slot.Ordinal < state.Replicas);
        var unavailable = state.Slots.Count(slot => slot.Ordinal < state.Replicas && !slot.Healthy) + (state.Replicas - present);
        var chosen = new List<int>();
        foreach (var slot in state.Slots.Where(slot => slot.Ordinal >= state.Partition && !slot.Updated).OrderByDescending(slot => slot.Ordinal))
        {
            var free = slot.Ordinal >= state.Replicas || slot.Terminating || slot.StablyUnhealthy;
            if (!free && unavailable >= budget) break;
            if (slot.Terminating) continue;
            chosen.Add(slot.Ordinal);
            if (!free && slot.Healthy) unavailable++;
        }

        return chosen;
    }

    /// <summary>
    /// Whether the update revision becomes the current one: all is updated and healthy, and was so already when the status was last
    /// written down. A single look may be at an instance that is about to be replaced.
    /// </summary>
    /// <param name="update">The update revision.</param>
    /// <param name="prior">The status as it was last written down; null if none was.</param>
    public static bool Advances(RollState state, string update, PriorStatus? prior)
    {
        if (!state.InRollout || state.Paused || state.Partition > 0 || state.Slots.Any(slot => slot.Terminating)) return false;
        if (prior is null || prior.UpdateRevision != update || prior.UpdatedReplicas < state.Replicas) return false;
        var whole = state.Slots.Where(slot => slot.Ordinal < state.Replicas).ToList();
        return whole.Count == state.Replicas && whole.All(slot => slot is { Updated: true, Healthy: true, Unobserved: false });
    }
}

/// <summary>One role's instances, as the stateful set sees them.</summary>
/// <param name="Partition">Ordinals below it keep their revision.</param>
/// <param name="InRollout">Whether the current and the update revision differ.</param>
public sealed record RollState(int Replicas, int MaxSurge, int MaxUnavailable, int Partition, bool InRollout, bool Paused, IReadOnlyList<RollSlot> Slots);

/// <param name="Updated">At the update revision.</param>
/// <param name="Healthy">Ready for long enough, and nothing is being done to it.</param>
/// <param name="StablyUnhealthy">Unhealthy for <see cref="StatefulRoll.StablyUnhealthy"/>.</param>
/// <param name="Unobserved">It was told something that it has not been heard of since.</param>
public readonly record struct RollSlot(int Ordinal, bool Updated, bool Healthy, bool StablyUnhealthy = false, bool Terminating = false, bool Unobserved = false);

/// <summary>What the status said when it was last written down.</summary>
/// <param name="UpdatedReplicas">Of that revision, surge included.</param>
public sealed record PriorStatus(string UpdateRevision, int UpdatedReplicas);
