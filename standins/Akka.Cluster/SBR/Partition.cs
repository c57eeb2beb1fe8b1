using System.Collections.Immutable;

namespace Akka.Cluster.SBR;

/// <summary>The members, as one side of a cluster sees them that fell apart. Those that are down already are left out.</summary>
internal sealed class Partition(ImmutableArray<Member> members, ImmutableHashSet<UniqueAddress> unreachable, ImmutableHashSet<UniqueAddress> indirectlyConnected)
{
    public ImmutableHashSet<UniqueAddress> Unreachable { get; } = unreachable;

    /// <summary>
    /// Nodes that some can reach and others cannot, so that they are on no side. They must go, or the parts would stay entangled.
    /// </summary>
    public ImmutableHashSet<UniqueAddress> IndirectlyConnected { get; } = indirectlyConnected;

    public ImmutableHashSet<UniqueAddress> All => [.. members.Select(member => member.UniqueAddress)];

    public ImmutableHashSet<UniqueAddress> Reachable => All.Except(Unreachable);

    public static Partition Of(MembershipState state)
    {
        var members = state.Members.Where(member => member.Status != MemberStatus.Down).ToImmutableArray();
        var present = members.Select(member => member.UniqueAddress).ToHashSet();
        var unreachable = state.UnreachableMembers.Select(member => member.UniqueAddress).Where(present.Contains).ToImmutableHashSet();
        return new Partition(members, unreachable, Entangled(state, present));
    }

    public Partition WithoutEntangled() => new(
        [.. members.Where(member => !IndirectlyConnected.Contains(member.UniqueAddress))], Unreachable.Except(IndirectlyConnected), []);

    /// <summary>Those of one side that count, the lowest address first.</summary>
    public IReadOnlyList<Member> Counted(bool reachable, string role, Func<MemberStatus, bool> counts) =>
    [
        .. members.Where(member => Unreachable.Contains(member.UniqueAddress) != reachable
            && counts(member.Status)
            && (role is null || member.HasRole(role))).Order(Member.Ordering),
    ];

    /// <summary>
    /// Nodes that judge others and are judged themselves, and those called unreachable that have seen the present gossip nevertheless,
    /// with those who call them so.
    /// </summary>
    private static ImmutableHashSet<UniqueAddress> Entangled(MembershipState state, HashSet<UniqueAddress> present)
    {
        var observers = state.Reachability.AllObservers.Where(present.Contains).ToHashSet();
        var subjects = state.Reachability.AllUnreachableOrTerminated.Where(present.Contains).ToHashSet();
        var entangled = observers.Intersect(subjects).ToHashSet();
        foreach (var subject in subjects.Where(state.Gossip.SeenBy.Contains))
        {
            entangled.Add(subject);
            entangled.UnionWith(state.Reachability.ObserversOf(subject).Where(present.Contains));
        }

        return [.. entangled];
    }
}
