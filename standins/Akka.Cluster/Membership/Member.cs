using System.Collections.Immutable;
using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>A node of the cluster, and where it stands. Two are equal if they are the same incarnation of the same node.</summary>
public class Member : IComparable<Member>, IComparable
{
    private const int NotUpYet = int.MaxValue;

    private Member(UniqueAddress uniqueAddress, int upNumber, MemberStatus status, ImmutableHashSet<string> roles, AppVersion appVersion)
    {
        UniqueAddress = uniqueAddress;
        UpNumber = upNumber;
        Status = status;
        Roles = roles;
        AppVersion = appVersion;
    }

    /// <summary>By host and port.</summary>
    public static IComparer<Address> AddressOrdering { get; } = Comparer<Address>.Create(CompareAddresses);

    /// <summary>The oldest first.</summary>
    public static IComparer<Member> AgeOrdering { get; } = Comparer<Member>.Create((a, b) =>
        a.Equals(b) ? 0 : a.IsOlderThan(b) ? -1 : 1);

    internal static IComparer<Member> Ordering { get; } = Comparer<Member>.Create((a, b) => a.UniqueAddress.CompareTo(b.UniqueAddress));

    /// <summary>Those that are settled before those that come or go; then by address.</summary>
    internal static IComparer<Member> LeaderStatusOrdering { get; } = Comparer<Member>.Create((a, b) =>
    {
        var result = LeaderRank(a.Status).CompareTo(LeaderRank(b.Status));
        return result == 0 ? Ordering.Compare(a, b) : result;
    });

    public UniqueAddress UniqueAddress { get; }

    public Address Address => UniqueAddress.Address;

    public MemberStatus Status { get; }

    public ImmutableHashSet<string> Roles { get; }

    public AppVersion AppVersion { get; }

    /// <summary>The place in the order in which members came up.</summary>
    internal int UpNumber { get; }

    public static bool operator ==(Member left, Member right) => Equals(left, right);

    public static bool operator !=(Member left, Member right) => !Equals(left, right);

    public bool HasRole(string role) => Roles.Contains(role);

    /// <summary>Whether it came up before the other one; of two that came up at once, the lower address did.</summary>
    public bool IsOlderThan(Member other) => UpNumber == other.UpNumber
        ? UniqueAddress.CompareTo(other.UniqueAddress) < 0
        : UpNumber < other.UpNumber;

    public int CompareTo(Member other) => other is null ? 1 : Ordering.Compare(this, other);

    int IComparable.CompareTo(object obj) => obj is null or Member
        ? CompareTo((Member)obj)
        : throw new ArgumentException($"A member cannot be compared with {obj.GetType()}.", nameof(obj));

    public override bool Equals(object obj) => obj is Member other && UniqueAddress.Equals(other.UniqueAddress);

    public override int GetHashCode() => UniqueAddress.GetHashCode();

    public override string ToString() =>
        $"Member(address = {Address}, Uid={UniqueAddress.Uid} status = {Status}, role=[{string.Join(",", Roles.Order(StringComparer.Ordinal))}], upNumber={UpNumber}, version={AppVersion})";

    /// <summary>A node that asks to be let in.</summary>
    internal static Member Create(UniqueAddress uniqueAddress, ImmutableHashSet<string> roles, AppVersion appVersion) =>
        new(uniqueAddress, NotUpYet, MemberStatus.Joining, roles, appVersion);

    internal static Member Create(UniqueAddress uniqueAddress, int upNumber, MemberStatus status, ImmutableHashSet<string> roles, AppVersion appVersion) =>
        new(uniqueAddress, upNumber, status, roles, appVersion);

    /// <summary>Of two opinions about one member the further one; of two equally far the one that came up earlier.</summary>
    internal static Member HighestPriorityOf(Member first, Member second)
    {
        var difference = first.Status.Rank().CompareTo(second.Status.Rank());
        if (difference != 0) return difference > 0 ? first : second;
        return first.UpNumber <= second.UpNumber ? first : second;
    }

    /// <exception cref="InvalidOperationException">There is no way from its status to that one.</exception>
    internal Member Copy(MemberStatus status)
    {
        if (status == Status) return this;
        if (!Status.CanBecome(status)) throw new InvalidOperationException($"Invalid member status transition [{Status} -> {status}] of {Address}.");
        return new Member(UniqueAddress, UpNumber, status, Roles, AppVersion);
    }

    internal Member CopyUp(int upNumber) => new(UniqueAddress, upNumber, Copy(MemberStatus.Up).Status, Roles, AppVersion);

    private static int LeaderRank(MemberStatus status) => status switch
    {
        MemberStatus.Up or MemberStatus.Leaving => 0,
        MemberStatus.WeaklyUp => 1,
        MemberStatus.Joining => 2,
        MemberStatus.Exiting => 3,
        _ => 4,
    };

    private static int CompareAddresses(Address a, Address b)
    {
        if (ReferenceEquals(a, b)) return 0;
        var result = string.CompareOrdinal(a.Host ?? "", b.Host ?? "");
        if (result == 0) result = (a.Port ?? 0).CompareTo(b.Port ?? 0);
        if (result == 0) result = string.CompareOrdinal(a.System, b.System);
        return result == 0 ? string.CompareOrdinal(a.Protocol, b.Protocol) : result;
    }
}
