namespace Akka.Cluster.Tools.Singleton;

/// <summary>Which node runs a singleton, by the state of the cluster: the oldest of its role that stays.</summary>
internal static class SingletonView
{
    /// <summary>Null if there is none.</summary>
    public static Member Oldest(MembershipState state, string role) => state.Members
        .Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving && IsOf(member, role))
        .Min(Member.AgeOrdering);

    /// <summary>Nodes older than this that are on their way out and may still run it.</summary>
    public static IEnumerable<Member> Predecessors(MembershipState state, string role) => state.Members
        .Where(member => member.Status is MemberStatus.Exiting or MemberStatus.Down
            && IsOf(member, role)
            && member.UniqueAddress != state.Self
            && member.IsOlderThan(state.SelfMember));

    public static bool IsOf(Member member, string role) => role is null || member.HasRole(role);
}
