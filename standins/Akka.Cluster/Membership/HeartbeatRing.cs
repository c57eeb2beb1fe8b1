using System.Collections.Immutable;

namespace Akka.Cluster;

/// <summary>
/// Who watches whom: nodes stand in a ring, in an order of their hash, and each watches the next few, so that the work does not
/// grow with the cluster. Of unreachable ones further ones take the place, or a whole neighbourhood could fail unseen.
/// </summary>
internal sealed record HeartbeatRing(ImmutableHashSet<UniqueAddress> Nodes, ImmutableHashSet<UniqueAddress> Unreachable, int MonitoredBy)
{
    /// <summary>Whom <paramref name="sender"/> asks for heartbeats.</summary>
    public ImmutableHashSet<UniqueAddress> ReceiversOf(UniqueAddress sender)
    {
        var others = Nodes.Where(node => node != sender).OrderBy(node => Distance(sender, node)).ThenBy(node => node);
        var receivers = ImmutableHashSet.CreateBuilder<UniqueAddress>();
        var reachable = 0;
        foreach (var node in others)
        {
            if (reachable >= MonitoredBy) break;
            receivers.Add(node);
            if (!Unreachable.Contains(node)) reachable++;
        }

        return receivers.ToImmutable();
    }

    private static uint Distance(UniqueAddress from, UniqueAddress to) => Place(to) - Place(from);

    private static uint Place(UniqueAddress node) => (uint)node.Uid * 2654435761u;
}
