using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>
/// Who says of whom that it cannot be reached. Each node writes its own row only, and counts the changes, so that of two
/// versions of a row the later one is known. A node counts as reachable if nobody says otherwise.
/// </summary>
internal sealed class Reachability : IEquatable<Reachability>
{
    public static readonly Reachability Empty = new(ImmutableSortedDictionary<UniqueAddress, Row>.Empty);

    private readonly ImmutableHashSet<UniqueAddress> _unreachable;
    private readonly ImmutableHashSet<UniqueAddress> _terminated;

    public Reachability(ImmutableSortedDictionary<UniqueAddress, Row> rows)
    {
        Rows = rows;
        _terminated = [.. rows.Values.SelectMany(row => row.Subjects).Where(each => each.Value == Opinion.Terminated).Select(each => each.Key)];
        _unreachable = [.. rows.Values.SelectMany(row => row.Subjects.Keys)];
    }

    public enum Opinion : byte
    {
        Reachable = 0,
        Unreachable = 1,

        /// <summary>It will not come back.</summary>
        Terminated = 2,
    }

    public ImmutableSortedDictionary<UniqueAddress, Row> Rows { get; }

    public bool IsAllReachable => _unreachable.IsEmpty;

    /// <summary>Those of which some node says that it cannot be reached, or that it has ended.</summary>
    public ImmutableHashSet<UniqueAddress> AllUnreachableOrTerminated => _unreachable;

    public IEnumerable<UniqueAddress> AllObservers => Rows.Where(row => !row.Value.Subjects.IsEmpty).Select(row => row.Key);

    public bool IsReachable(UniqueAddress node) => !_unreachable.Contains(node);

    public bool IsTerminated(UniqueAddress node) => _terminated.Contains(node);

    public bool IsReachable(UniqueAddress observer, UniqueAddress subject) =>
        !Rows.TryGetValue(observer, out var row) || !row.Subjects.ContainsKey(subject);

    public ImmutableHashSet<UniqueAddress> AllUnreachableFrom(UniqueAddress observer) =>
        Rows.TryGetValue(observer, out var row) ? [.. row.Subjects.Keys] : [];

    /// <summary>Who says of <paramref name="subject"/> that it cannot be reached.</summary>
    public IEnumerable<UniqueAddress> ObserversOf(UniqueAddress subject) =>
        Rows.Where(row => row.Value.Subjects.ContainsKey(subject)).Select(row => row.Key);

    public Reachability Unreachable(UniqueAddress observer, UniqueAddress subject) => Change(observer, subject, Opinion.Unreachable);

    public Reachability Terminated(UniqueAddress observer, UniqueAddress subject) => Change(observer, subject, Opinion.Terminated);

    public Reachability Reachable(UniqueAddress observer, UniqueAddress subject) => Change(observer, subject, Opinion.Reachable);

    /// <summary>The later version of each row, as far as it is by and about <paramref name="allowed"/>.</summary>
    public Reachability Merge(IReadOnlySet<UniqueAddress> allowed, Reachability other)
    {
        var merged = Rows.ToBuilder();
        foreach (var (observer, row) in other.Rows)
        {
            if (!merged.TryGetValue(observer, out var mine) || row.Version > mine.Version) merged[observer] = row;
        }

        return new Reachability(merged.ToImmutable()).Keep(allowed);
    }

    /// <summary>Only what is said by and about those nodes.</summary>
    public Reachability Keep(IReadOnlySet<UniqueAddress> allowed)
    {
        var rows = Rows.ToBuilder();
        foreach (var (observer, row) in Rows)
        {
            if (!allowed.Contains(observer)) rows.Remove(observer);
            else if (row.Subjects.Keys.Any(subject => !allowed.Contains(subject)))
                rows[observer] = row with { Subjects = row.Subjects.RemoveRange(row.Subjects.Keys.Where(subject => !allowed.Contains(subject))) };
        }

        return rows.Count == Rows.Count && rows.All(row => ReferenceEquals(row.Value, Rows[row.Key])) ? this : new Reachability(rows.ToImmutable());
    }

    /// <summary>Without anything said by those nodes.</summary>
    public Reachability RemoveObservers(IEnumerable<UniqueAddress> nodes) => new(Rows.RemoveRange(nodes));

    public bool Equals(Reachability other) => other is not null && (ReferenceEquals(this, other)
        || (Rows.Count == other.Rows.Count && Rows.All(row => other.Rows.TryGetValue(row.Key, out var its) && row.Value.Equals(its))));

    public override bool Equals(object obj) => Equals(obj as Reachability);

    public override int GetHashCode() => Rows.Aggregate(0, (hash, row) => hash ^ HashCode.Combine(row.Key, row.Value.Version));

    public override string ToString() => string.Join(", ", Rows.SelectMany(row =>
        row.Value.Subjects.Select(each => $"{row.Key.Address} -> {each.Key.Address}: {each.Value} ({row.Value.Version})")));

    private Reachability Change(UniqueAddress observer, UniqueAddress subject, Opinion opinion)
    {
        var row = Rows.GetValueOrDefault(observer, Row.Empty);
        var before = row.Subjects.GetValueOrDefault(subject, Opinion.Reachable);
        if (before == opinion || (before == Opinion.Terminated && opinion == Opinion.Unreachable)) return this;
        var subjects = opinion == Opinion.Reachable ? row.Subjects.Remove(subject) : row.Subjects.SetItem(subject, opinion);
        return new Reachability(Rows.SetItem(observer, new Row(row.Version + 1, subjects)));
    }

    /// <summary>What one node says.</summary>
    /// <param name="Version">Counts the changes of the row.</param>
    public sealed record Row(long Version, ImmutableSortedDictionary<UniqueAddress, Opinion> Subjects)
    {
        public static readonly Row Empty = new(0, ImmutableSortedDictionary<UniqueAddress, Opinion>.Empty);

        public bool Equals(Row other) => other is not null && Version == other.Version && Subjects.SequenceEqual(other.Subjects);

        public override int GetHashCode() => Version.GetHashCode();
    }
}
