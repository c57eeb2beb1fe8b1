namespace Akka.Cluster;

/// <summary>Where a node stands in its life as a member. The numbers are the wire's.</summary>
public enum MemberStatus
{
    Joining = 0,
    Up = 1,
    Leaving = 2,
    Exiting = 3,
    Down = 4,
    Removed = 5,

    /// <summary>In use although not all could agree on it, since some node cannot be reached.</summary>
    WeaklyUp = 6,
}

internal static class MemberStatuses
{
    /// <summary>How far the status is on its way: of two that nodes disagree about, the further one is the truth.</summary>
    public static int Rank(this MemberStatus status) => status switch
    {
        MemberStatus.Joining => 0,
        MemberStatus.WeaklyUp => 1,
        MemberStatus.Up => 2,
        MemberStatus.Leaving => 3,
        MemberStatus.Exiting => 4,
        MemberStatus.Down => 5,
        MemberStatus.Removed => 6,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "It is no status of a member."),
    };

    public static bool CanBecome(this MemberStatus from, MemberStatus to) => from switch
    {
        MemberStatus.Joining => to is not MemberStatus.Exiting,
        MemberStatus.WeaklyUp => to is not (MemberStatus.Exiting or MemberStatus.Joining),
        MemberStatus.Up => to is MemberStatus.Leaving or MemberStatus.Down or MemberStatus.Removed,
        MemberStatus.Leaving => to is MemberStatus.Exiting or MemberStatus.Down or MemberStatus.Removed,
        MemberStatus.Exiting => to is MemberStatus.Removed or MemberStatus.Down,
        MemberStatus.Down => to is MemberStatus.Removed,
        _ => false,
    };
}
