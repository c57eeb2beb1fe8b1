namespace Akka.Cluster;

/// <summary>What follows from the gossip for one node: who leads, and whether all agree.</summary>
internal sealed class MembershipState(Gossip gossip, UniqueAddress self)
{
    private Reachability _reachability;

    public Gossip Gossip { get; } = gossip;

    public UniqueAddress Self { get; } = self;

    public IEnumerable<Member> Members => Gossip.Members.Values;

    /// <summary>This node; null as long as it is no member.</summary>
    public Member SelfMember => Gossip.Members.GetValueOrDefault(Self);

    /// <summary>Without what nodes say that are down: nobody relies on them any more.</summary>
    public Reachability Reachability =>
        _reachability ??= Gossip.Reachability.RemoveObservers(Members.Where(member => member.Status == MemberStatus.Down).Select(member => member.UniqueAddress));

    /// <summary>Members that some node cannot reach, this one excepted: it can reach itself.</summary>
    public IEnumerable<Member> UnreachableMembers => Reachability.AllUnreachableOrTerminated
        .Where(node => node != Self && Gossip.HasMember(node)).Select(node => Gossip.Members[node]);

    /// <summary>The member that decides for all, as far as this node can see; null without members.</summary>
    public UniqueAddress Leader => LeaderOf(Members);

    public bool IsLeader => Leader == Self;

    public bool IsSelfDown => SelfMember?.Status == MemberStatus.Down;

    public UniqueAddress RoleLeader(string role) => LeaderOf(Members.Where(member => member.HasRole(role)));

    /// <summary>Whether nobody is missing, and all who count have seen this version, so that the leader may act on it.</summary>
    /// <param name="exitingConfirmed">Those who have said that they need no more of the cluster.</param>
    public bool IsConverged(IReadOnlySet<UniqueAddress> exitingConfirmed)
    {
        foreach (var member in UnreachableMembers)
        {
            if (member.Status is not (MemberStatus.Down or MemberStatus.Exiting) && !exitingConfirmed.Contains(member.UniqueAddress)) return false;
        }

        return Members.All(member => member.Status is not (MemberStatus.Up or MemberStatus.Leaving)
            || Gossip.SeenBy.Contains(member.UniqueAddress)
            || exitingConfirmed.Contains(member.UniqueAddress));
    }

    /// <summary>Whether this node may send gossip there.</summary>
    public bool IsGossipTarget(UniqueAddress node) =>
        node != Self && Gossip.HasMember(node) && Gossip.Reachability.IsReachable(Self, node);

    /// <summary>Whether gossip from there may be taken over.</summary>
    public bool IsGossipSource(UniqueAddress node) => Gossip.HasMember(node) && Gossip.Reachability.IsReachable(Self, node);

    private UniqueAddress LeaderOf(IEnumerable<Member> members) => members
        .Where(member => member.Status is not MemberStatus.Down
            && (member.UniqueAddress == Self || Reachability.IsReachable(member.UniqueAddress)))
        .Min(Member.LeaderStatusOrdering)?.UniqueAddress;
}
