using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

internal sealed partial class ClusterCoreDaemon
{
    /// <summary>To how many a change goes at once; the rest hear of it from them, and at the next ticks.</summary>
    private const int PassOnTo = 3;

    private void ReceiveGossip(GossipEnvelope envelope)
    {
        var theirs = envelope.Gossip;
        if (envelope.To != _self || !theirs.HasMember(_self) || !_state.IsGossipSource(envelope.From)) return;
        var mine = Gossip;
        var order = theirs.Version.CompareTo(mine.Version);
        var (winner, answers) = order switch
        {
            Ordering.Same => (mine.MergeSeen(theirs), !theirs.SeenBy.Contains(_self)),
            Ordering.After => (theirs, !theirs.SeenBy.Contains(_self)),
            Ordering.Before => (mine, true),
            _ => (mine.Merge(theirs), true),
        };
        winner = winner.AddSeen(_self);
        if (order is Ordering.Before || (order is Ordering.Same && winner.SeenBy.Count == mine.SeenBy.Count))
        {
            if (answers) SendGossip(envelope.From);
            return;
        }

        Take(winner);
        if (answers) SendGossip(envelope.From);
        if (order is not Ordering.Same) PassOn();
        else if (_state.IsLeader) PassOn(1);   // The leader waits for all to have seen it, so it asks on until they have.
        LeaderActs();
    }

    private void ReceiveStatus(GossipStatus status)
    {
        if (!_state.IsGossipSource(status.From)) return;
        switch (status.Version.CompareTo(Gossip.Version))
        {
            case Ordering.Same when status.SeenDigest == Gossip.SeenDigest:
                break;
            case Ordering.After:
                SendStatus(status.From);   // They have more: asks for it.
                break;
            default:
                SendGossip(status.From);
                break;
        }
    }

    /// <summary>One round: rather to one that has not seen what this node has.</summary>
    private void Gossiping()
    {
        var targets = _state.Members.Select(member => member.UniqueAddress).Where(_state.IsGossipTarget).ToList();
        if (targets.Count == 0) return;
        var unseen = targets.Where(node => !Gossip.SeenBy.Contains(node)).ToList();
        if (unseen.Count > 0 && Random.Shared.NextDouble() < Settings.GossipDifferentViewProbability) targets = unseen;
        var target = targets[Random.Shared.Next(targets.Count)];
        if (Gossip.SeenBy.Contains(target)) SendStatus(target);
        else SendGossip(target);
    }

    /// <summary>Tells some of those who, as far as this node knows, have not seen what it has.</summary>
    private void PassOn(int most = PassOnTo)
    {
        var unseen = _state.Members.Select(member => member.UniqueAddress)
            .Where(node => _state.IsGossipTarget(node) && !Gossip.SeenBy.Contains(node)).ToArray();
        Random.Shared.Shuffle(unseen);
        foreach (var node in unseen.Take(most)) SendGossip(node);
    }

    private void SendGossip(UniqueAddress node)
    {
        if (_state.IsGossipTarget(node)) DaemonAt(node.Address).Tell(new GossipEnvelope(_self, node, Gossip), Self);
    }

    private void SendStatus(UniqueAddress node)
    {
        if (_state.IsGossipTarget(node)) DaemonAt(node.Address).Tell(new GossipStatus(_self, Gossip.Version, Gossip.SeenDigest), Self);
    }
}
