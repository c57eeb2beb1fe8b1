using System.Collections.Immutable;
using static Akka.Cluster.ClusterEvent;

namespace Akka.Cluster;

/// <summary>The events that lead from one state to another.</summary>
internal static class ClusterEventDiff
{
    public static ImmutableList<IClusterDomainEvent> Between(MembershipState before, MembershipState after)
    {
        if (ReferenceEquals(before, after)) return [];
        return [.. Unreachable(before, after), .. Members(before, after), .. Reachable(before, after), .. Leaders(before, after)];
    }

    private static IEnumerable<IClusterDomainEvent> Members(MembershipState before, MembershipState after)
    {
        foreach (var member in after.Members)
        {
            if (before.Gossip.Members.TryGetValue(member.UniqueAddress, out var old) && old.Status == member.Status && old.UpNumber == member.UpNumber) continue;
            yield return Reached(member);
        }

        foreach (var member in before.Members)
        {
            if (!after.Gossip.HasMember(member.UniqueAddress)) yield return new MemberRemoved(Removed(member), member.Status);
        }
    }

    private static IMemberEvent Reached(Member member) => member.Status switch
    {
        MemberStatus.Joining => new MemberJoined(member),
        MemberStatus.WeaklyUp => new MemberWeaklyUp(member),
        MemberStatus.Up => new MemberUp(member),
        MemberStatus.Leaving => new MemberLeft(member),
        MemberStatus.Exiting => new MemberExited(member),
        MemberStatus.Down => new MemberDowned(member),
        _ => throw new InvalidOperationException($"{member} is no member."),
    };

    private static Member Removed(Member member) =>
        Member.Create(member.UniqueAddress, member.UpNumber, MemberStatus.Removed, member.Roles, member.AppVersion);

    private static IEnumerable<IClusterDomainEvent> Unreachable(MembershipState before, MembershipState after)
    {
        var old = before.UnreachableMembers.ToHashSet();
        return after.UnreachableMembers.Where(member => !old.Contains(member)).Select(member => new UnreachableMember(member));
    }

    private static IEnumerable<IClusterDomainEvent> Reachable(MembershipState before, MembershipState after)
    {
        var now = after.UnreachableMembers.ToHashSet();
        return before.UnreachableMembers
            .Where(member => !now.Contains(member) && after.Gossip.HasMember(member.UniqueAddress))
            .Select(member => new ReachableMember(after.Gossip.Members[member.UniqueAddress]));
    }

    private static IEnumerable<IClusterDomainEvent> Leaders(MembershipState before, MembershipState after)
    {
        if (before.Leader != after.Leader) yield return new LeaderChanged(after.Leader?.Address);
        foreach (var role in before.Members.Concat(after.Members).SelectMany(member => member.Roles).Distinct())
        {
            var leader = after.RoleLeader(role);
            if (before.RoleLeader(role) != leader) yield return new RoleLeaderChanged(role, leader?.Address);
        }
    }
}
