using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>How many members there must be before the first ones are up.</summary>
internal sealed record MinimumMembers(int Total, ImmutableDictionary<string, int> PerRole)
{
    public bool IsReachedBy(IReadOnlyCollection<Member> members) => members.Count >= Total
        && PerRole.All(role => members.Count(member => member.HasRole(role.Key)) >= role.Value);
}

/// <summary>What the leader makes of a state. Only it moves members on, so that all see the same order.</summary>
internal static class LeaderActions
{
    /// <summary>All agree: lets in who joins, lets go who leaves, and removes who is down or gone.</summary>
    /// <returns>The same gossip if there is nothing to do.</returns>
    public static Gossip OnConvergence(
        MembershipState state, IReadOnlySet<UniqueAddress> exitingConfirmed, MinimumMembers minimum, long nowMs, long tombstonesBeforeMs)
    {
        var gossip = state.Gossip.With(Advanced(state, minimum));
        foreach (var member in state.Members)
        {
            if (IsGone(state, member, exitingConfirmed)) gossip = gossip.Remove(member.UniqueAddress, nowMs);
        }

        gossip = gossip.PruneTombstones(tombstonesBeforeMs);
        return IsSame(gossip, state.Gossip) ? state.Gossip : gossip;
    }

    /// <summary>Someone is missing: those who wait to come in may work nevertheless.</summary>
    public static Gossip WithoutConvergence(MembershipState state, MinimumMembers minimum)
    {
        if (!minimum.IsReachedBy([.. state.Members])) return state.Gossip;
        var changed = state.Members
            .Where(member => member.Status == MemberStatus.Joining && state.Reachability.IsReachable(member.UniqueAddress))
            .Select(member => member.Copy(MemberStatus.WeaklyUp))
            .ToList();
        return changed.Count == 0 ? state.Gossip : state.Gossip.With(changed);
    }

    private static IEnumerable<Member> Advanced(MembershipState state, MinimumMembers minimum)
    {
        var areEnough = minimum.IsReachedBy([.. state.Members]);
        var lastUpNumber = state.Members.Where(member => member.UpNumber != int.MaxValue).Select(member => member.UpNumber).DefaultIfEmpty(0).Max();
        foreach (var member in state.Members)
        {
            if (areEnough && member.Status is (MemberStatus.Joining or MemberStatus.WeaklyUp)) yield return member.CopyUp(++lastUpNumber);
            else if (member.Status == MemberStatus.Leaving) yield return member.Copy(MemberStatus.Exiting);
        }
    }

    private static bool IsGone(MembershipState state, Member member, IReadOnlySet<UniqueAddress> exitingConfirmed) => member.Status switch
    {
        MemberStatus.Down => !state.Reachability.IsReachable(member.UniqueAddress),
        MemberStatus.Exiting => !state.Reachability.IsReachable(member.UniqueAddress) || exitingConfirmed.Contains(member.UniqueAddress),
        _ => false,
    };

    private static bool IsSame(Gossip a, Gossip b) => ReferenceEquals(a.Tombstones, b.Tombstones)
        && a.Members.Count == b.Members.Count
        && a.Members.All(member => b.Members.TryGetValue(member.Key, out var other) && member.Value.Status == other.Status);
}
