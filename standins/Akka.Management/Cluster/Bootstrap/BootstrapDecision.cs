using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Akka.Management.Cluster.Bootstrap;

/// <summary>A management server that may know of a cluster.</summary>
internal sealed record ContactPoint(string Host, int Port) : IComparable<ContactPoint>
{
    /// <summary>The same on every node: addresses by their bytes, before names.</summary>
    public int CompareTo(ContactPoint? other) => other is null ? 1 : string.CompareOrdinal(Key(this), Key(other));

    private static string Key(ContactPoint point) => IPAddress.TryParse(point.Host, out var address)
        ? $"0{Convert.ToHexString(address.MapToIPv6().GetAddressBytes())}:{point.Port.ToString("D5", CultureInfo.InvariantCulture)}"
        : $"1{point.Host.ToUpperInvariant()}:{point.Port.ToString("D5", CultureInfo.InvariantCulture)}";
}

/// <summary>What a node does next about joining. Pure.</summary>
internal abstract record BootstrapDecision
{
    public sealed record KeepProbing : BootstrapDecision;

    /// <summary>It begins a new cluster.</summary>
    public sealed record JoinSelf : BootstrapDecision;

    public sealed record JoinOthers(ImmutableSortedSet<string> SeedNodes) : BootstrapDecision;

    /// <summary>Whoever knows of members is followed. Otherwise the lowest of those that were heard begins, when enough were found and heard.</summary>
    /// <param name="unchangedFor">How long the same servers have been found.</param>
    /// <param name="found">All servers that were found, this node's own too.</param>
    /// <param name="heard">What those said that answered lately.</param>
    public static BootstrapDecision Of(
        BootstrapSettings settings, TimeSpan unchangedFor, ContactPoint self, ImmutableHashSet<ContactPoint> found, IReadOnlyDictionary<ContactPoint, SeedNodes> heard)
    {
        var members = heard.Values.SelectMany(each => each.Nodes).Select(node => node.Node).ToImmutableSortedSet(StringComparer.Ordinal);
        if (!members.IsEmpty) return new JoinOthers(members);
        var isComplete = found.Count >= settings.RequiredContactPoints
            && unchangedFor >= settings.StableMargin
            && (settings.ContactWithAllContactPoints ? found.All(heard.ContainsKey) : heard.Count >= settings.RequiredContactPoints);
        return settings.NewClusterEnabled && isComplete && heard.Keys.Where(found.Contains).Min() == self ? new JoinSelf() : new KeepProbing();
    }
}
