using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Cluster;

/// <summary>
/// All that the nodes of a cluster tell one another: its members, who cannot reach whom, and who has seen this very version.
/// Two that came apart merge to one that knows what both knew, whatever the order of merging.
/// </summary>
internal sealed record Gossip
{
    /// <summary>Compares values by reference: two members are equal even if they differ in status.</summary>
    public static readonly ImmutableSortedDictionary<UniqueAddress, Member> NoMembers =
        ImmutableSortedDictionary.Create<UniqueAddress, Member>(null, ReferenceEqualityComparer.Instance);

    public static readonly Gossip Empty = new();

    public ImmutableSortedDictionary<UniqueAddress, Member> Members { get; init; } = NoMembers;

    /// <summary>Who has this version.</summary>
    public ImmutableHashSet<UniqueAddress> SeenBy { get; init; } = [];

    public Reachability Reachability { get; init; } = Reachability.Empty;

    public VectorClock Version { get; init; } = VectorClock.Empty;

    /// <summary>Who was removed, and when, in milliseconds of Unix time: an old version must not bring them back.</summary>
    public ImmutableSortedDictionary<UniqueAddress, long> Tombstones { get; init; } = ImmutableSortedDictionary<UniqueAddress, long>.Empty;

    public bool HasMember(UniqueAddress node) => Members.ContainsKey(node);

    /// <summary>The member of that address; null if there is none.</summary>
    public Member MemberAt(Address address) => Members.Values.FirstOrDefault(member => member.Address.Equals(address));

    /// <summary>Equal at nodes that hold the same version and know the same of who has seen it.</summary>
    public uint SeenDigest => SeenBy.Aggregate(0u, (digest, node) => digest + Mix((uint)node.Uid));

    /// <summary>A version of its own, seen by nobody else yet.</summary>
    public Gossip ChangedBy(UniqueAddress node) => this with { Version = Version.Increment(node), SeenBy = [node] };

    public Gossip AddSeen(UniqueAddress node) => SeenBy.Contains(node) ? this : this with { SeenBy = SeenBy.Add(node) };

    /// <summary>Of the same version, held by another node.</summary>
    public Gossip MergeSeen(Gossip other) => this with { SeenBy = SeenBy.Union(other.SeenBy) };

    public Gossip With(params IEnumerable<Member> changed) =>
        this with { Members = Members.SetItems(changed.Select(member => KeyValuePair.Create(member.UniqueAddress, member))) };

    public Gossip Remove(UniqueAddress node, long nowMs)
    {
        var members = Members.Remove(node);
        return this with
        {
            Members = members,
            SeenBy = SeenBy.Remove(node),
            Reachability = Reachability.Keep(members.Keys.ToHashSet()),
            Version = Version.Prune(node),
            Tombstones = Tombstones.SetItem(node, nowMs),
        };
    }

    public Gossip PruneTombstones(long removedBeforeMs)
    {
        var old = Tombstones.Where(each => each.Value < removedBeforeMs).Select(each => each.Key).ToList();
        return old.Count == 0 ? this : this with { Tombstones = Tombstones.RemoveRange(old) };
    }

    /// <summary>The least version that knows what both know; seen by nobody yet.</summary>
    public Gossip Merge(Gossip other)
    {
        var tombstones = Tombstones.ToBuilder();
        foreach (var (node, removedMs) in other.Tombstones) tombstones[node] = Math.Max(removedMs, tombstones.GetValueOrDefault(node));

        var members = Members.ToBuilder();
        foreach (var (node, member) in other.Members)
            members[node] = members.TryGetValue(node, out var mine) ? Member.HighestPriorityOf(mine, member) : member;
        members.RemoveRange(tombstones.Keys);

        return new Gossip
        {
            Members = members.ToImmutable(),
            Reachability = Reachability.Merge(members.Keys.ToHashSet(), other.Reachability),
            Version = tombstones.Keys.Aggregate(Version.Merge(other.Version), (version, node) => version.Prune(node)),
            Tombstones = tombstones.ToImmutable(),
        };
    }

    public bool Equals(Gossip other) => other is not null
        && Version.Equals(other.Version)
        && SeenBy.SetEquals(other.SeenBy)
        && Reachability.Equals(other.Reachability)
        && Tombstones.SequenceEqual(other.Tombstones)
        && Members.Values.Select(Content).SequenceEqual(other.Members.Values.Select(Content));

    public override int GetHashCode() => HashCode.Combine(Version, Members.Count);

    public override string ToString() =>
        $"Gossip(members = [{string.Join(", ", Members.Values)}], reachability = [{Reachability}], seen = [{string.Join(", ", SeenBy)}], version = [{Version}])";

    private static (UniqueAddress, MemberStatus, int) Content(Member member) => (member.UniqueAddress, member.Status, member.UpNumber);

    private static uint Mix(uint x)
    {
        x ^= x >> 16;
        x *= 0x7feb352d;
        x ^= x >> 15;
        return x * 0x846ca68b;
    }
}
