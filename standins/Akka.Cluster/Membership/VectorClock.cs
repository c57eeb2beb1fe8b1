using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>How two versions stand to one another.</summary>
internal enum Ordering
{
    Same,
    Before,
    After,

    /// <summary>Neither knows all that the other does.</summary>
    Concurrent,
}

/// <summary>
/// Counts the changes of each node, so that it can be told which of two versions came from the other. After Mattern: "Virtual
/// Time and Global States of Distributed Systems" (1988).
/// </summary>
internal sealed class VectorClock : IEquatable<VectorClock>
{
    public static readonly VectorClock Empty = new(ImmutableSortedDictionary<UniqueAddress, long>.Empty);

    public VectorClock(ImmutableSortedDictionary<UniqueAddress, long> versions)
    {
        Versions = versions;
    }

    public ImmutableSortedDictionary<UniqueAddress, long> Versions { get; }

    public static bool operator ==(VectorClock left, VectorClock right) => Equals(left, right);

    public static bool operator !=(VectorClock left, VectorClock right) => !Equals(left, right);

    /// <summary>After one more change by <paramref name="node"/>.</summary>
    public VectorClock Increment(UniqueAddress node) => new(Versions.SetItem(node, Versions.GetValueOrDefault(node) + 1));

    /// <summary>Forgets a node that is no longer a member.</summary>
    public VectorClock Prune(UniqueAddress node) => Versions.ContainsKey(node) ? new VectorClock(Versions.Remove(node)) : this;

    /// <summary>The earliest version that knows all that both know.</summary>
    public VectorClock Merge(VectorClock other)
    {
        var merged = Versions.ToBuilder();
        foreach (var (node, count) in other.Versions)
        {
            if (count > merged.GetValueOrDefault(node)) merged[node] = count;
        }

        return new VectorClock(merged.ToImmutable());
    }

    /// <summary>How this version stands to the other: <see cref="Ordering.Before"/> if the other one knows all that this does, and more.</summary>
    public Ordering CompareTo(VectorClock other)
    {
        if (ReferenceEquals(this, other)) return Ordering.Same;
        var knowsMore = Versions.Any(mine => mine.Value > other.Versions.GetValueOrDefault(mine.Key));
        var knowsLess = other.Versions.Any(its => its.Value > Versions.GetValueOrDefault(its.Key));
        return (knowsMore, knowsLess) switch
        {
            (false, false) => Ordering.Same,
            (false, true) => Ordering.Before,
            (true, false) => Ordering.After,
            _ => Ordering.Concurrent,
        };
    }

    public bool Equals(VectorClock other) => other is not null && CompareTo(other) == Ordering.Same;

    public override bool Equals(object obj) => Equals(obj as VectorClock);

    public override int GetHashCode() => Versions.Aggregate(0, (hash, each) => hash ^ HashCode.Combine(each.Key, each.Value));

    public override string ToString() => $"VectorClock({string.Join(", ", Versions.Select(each => $"{each.Key.Address} -> {each.Value}"))})";
}
