using System.Collections.Immutable;

namespace Akka.Cluster.SBR;

/// <summary>What to do with the two sides.</summary>
internal enum Verdict
{
    DownUnreachable,
    DownReachable,
    DownAll,
}

/// <summary>
/// A rule by which either side of a cluster that fell in two decides for itself, and yet they never both go on: it rests only on what
/// both know, which is who was a member before.
/// </summary>
/// <param name="Role">Only members of that role count; null for all. Others share the fate of their side.</param>
internal abstract record DowningStrategy(string Role)
{
    /// <summary>Whom this side must down.</summary>
    public ImmutableHashSet<UniqueAddress> Decide(Partition partition)
    {
        var entangled = partition.IndirectlyConnected;
        var clear = partition.WithoutEntangled();
        if (clear.Unreachable.IsEmpty) return entangled;
        var downed = Judge(clear) switch
        {
            Verdict.DownUnreachable => clear.Unreachable,
            Verdict.DownReachable => clear.Reachable,
            _ => clear.All,
        };
        return downed.Union(entangled);
    }

    public abstract Verdict Judge(Partition partition);
}

/// <summary>The larger side goes on; of two equal ones, that of the lowest address.</summary>
internal sealed record KeepMajority(string Role) : DowningStrategy(Role)
{
    public override Verdict Judge(Partition partition)
    {
        var verdict = Compare(partition.Counted(reachable: true, Role, Likely), partition.Counted(reachable: false, Role, Likely));
        if (verdict != Verdict.DownUnreachable) return verdict;

        // The other side may have seen changes that this one has not: its joining members came up, or those of this side that leave left.
        var worst = Compare(partition.Counted(reachable: true, Role, Surely), partition.Counted(reachable: false, Role, Possibly));
        return worst == Verdict.DownUnreachable ? verdict : Verdict.DownAll;
    }

    private static bool Likely(MemberStatus status) => status is MemberStatus.Up or MemberStatus.Leaving;

    private static bool Surely(MemberStatus status) => status is MemberStatus.Up;

    private static bool Possibly(MemberStatus status) =>
        status is MemberStatus.Up or MemberStatus.Leaving or MemberStatus.Joining or MemberStatus.WeaklyUp;

    private static Verdict Compare(IReadOnlyList<Member> reachable, IReadOnlyList<Member> unreachable)
    {
        if (reachable.Count == 0 && unreachable.Count == 0) return Verdict.DownAll;
        if (reachable.Count != unreachable.Count) return reachable.Count > unreachable.Count ? Verdict.DownUnreachable : Verdict.DownReachable;
        return reachable[0].CompareTo(unreachable[0]) < 0 ? Verdict.DownUnreachable : Verdict.DownReachable;
    }
}

/// <summary>A side goes on that has at least so many members. There must not be so many that two sides could.</summary>
internal sealed record StaticQuorum(int Size, string Role) : DowningStrategy(Role)
{
    public override Verdict Judge(Partition partition)
    {
        var (reachable, unreachable) = (partition.Counted(reachable: true, Role, Counts).Count, partition.Counted(reachable: false, Role, Counts).Count);
        if (reachable + unreachable > (Size * 2) - 1) return Verdict.DownAll;
        return reachable >= Size ? Verdict.DownUnreachable : Verdict.DownReachable;
    }

    private static bool Counts(MemberStatus status) => status is MemberStatus.Up or MemberStatus.Leaving;
}

/// <summary>The side of the oldest member goes on, unless that is alone and <paramref name="DownIfAlone"/>.</summary>
internal sealed record KeepOldest(bool DownIfAlone, string Role) : DowningStrategy(Role)
{
    public override Verdict Judge(Partition partition)
    {
        var (reachable, unreachable) = (partition.Counted(reachable: true, Role, Counts), partition.Counted(reachable: false, Role, Counts));
        var oldest = reachable.Concat(unreachable).Min(Member.AgeOrdering);
        if (oldest is null) return Verdict.DownAll;
        if (reachable.Contains(oldest)) return DownIfAlone && reachable.Count == 1 && unreachable.Count > 0 ? Verdict.DownReachable : Verdict.DownUnreachable;
        return DownIfAlone && unreachable.Count == 1 && reachable.Count > 0 ? Verdict.DownUnreachable : Verdict.DownReachable;
    }

    private static bool Counts(MemberStatus status) => status is MemberStatus.Up or MemberStatus.Leaving;
}

/// <summary>Nobody goes on.</summary>
internal sealed record DownAll() : DowningStrategy(Role: null)
{
    public override Verdict Judge(Partition partition) => Verdict.DownAll;
}
