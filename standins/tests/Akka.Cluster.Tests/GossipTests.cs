using Akka.Cluster;

namespace ActorInference.Standins.Cluster.Tests;

public sealed class GossipTests
{
    [Fact]
    public void Merging_is_commutative() => Property.Holds(seed =>
    {
        var held = History.Random(seed).Held;
        Assert.Equal(held[0].Merge(held[1]), held[1].Merge(held[0]));
    });

    [Fact]
    public void Merging_is_associative() => Property.Holds(seed =>
    {
        var held = History.Random(seed).Held;
        Assert.Equal(held[0].Merge(held[1]).Merge(held[2]), held[0].Merge(held[1].Merge(held[2])));
    });

    [Fact]
    public void Merging_is_idempotent() => Property.Holds(seed =>
    {
        var held = History.Random(seed).Held;
        var once = held[0].Merge(held[1]);
        Assert.Equal(once, once.Merge(once));
        Assert.Equal(once, once.Merge(held[1]));
    });

    [Fact]
    public void A_merge_knows_all_that_either_knew() => Property.Holds(seed =>
    {
        var held = History.Random(seed).Held;
        var merged = held[0].Merge(held[1]);

        foreach (var member in held.Take(2).SelectMany(gossip => gossip.Members.Values))
        {
            if (merged.Tombstones.ContainsKey(member.UniqueAddress)) Assert.False(merged.HasMember(member.UniqueAddress));
            else Assert.True(merged.Members[member.UniqueAddress].Status.Rank() >= member.Status.Rank());
        }

        if (!merged.Tombstones.IsEmpty) return;   // The versions of removed nodes are forgotten.
        foreach (var gossip in held.Take(2)) Assert.Contains(merged.Version.CompareTo(gossip.Version), new[] { Ordering.Same, Ordering.After });
    });

    [Fact]
    public void A_removed_member_does_not_come_back_by_an_old_version()
    {
        var old = History.Of(History.Up(0, 1), History.Up(1, 2)).ChangedBy(History.Node(0));
        var removed = old.Remove(History.Node(1), nowMs: 5).ChangedBy(History.Node(0));

        var merged = old.ChangedBy(History.Node(1)).Merge(removed);

        Assert.False(merged.HasMember(History.Node(1)));
    }

    [Fact]
    public void The_digest_tells_apart_who_has_seen_a_version()
    {
        var gossip = History.Of(History.Up(0, 1), History.Up(1, 2)).ChangedBy(History.Node(0));

        Assert.Equal(gossip.AddSeen(History.Node(1)).SeenDigest, gossip.AddSeen(History.Node(1)).AddSeen(History.Node(0)).SeenDigest);
        Assert.NotEqual(gossip.SeenDigest, gossip.AddSeen(History.Node(1)).SeenDigest);
    }
}

public sealed class VectorClockTests
{
    [Fact]
    public void A_change_comes_after_what_it_changed() => Property.Holds(seed =>
    {
        var history = History.Random(seed);
        var version = history.Held[0].Version;
        var later = version.Increment(history.Nodes[seed % history.Nodes.Length]);

        Assert.Equal(Ordering.After, later.CompareTo(version));
        Assert.Equal(Ordering.Before, version.CompareTo(later));
        Assert.Equal(Ordering.Same, later.CompareTo(later.Merge(version)));
    });

    [Fact]
    public void Changes_of_two_nodes_side_by_side_are_concurrent_and_the_merge_comes_after_both()
    {
        var (a, b) = (VectorClock.Empty.Increment(History.Node(0)), VectorClock.Empty.Increment(History.Node(1)));

        Assert.Equal(Ordering.Concurrent, a.CompareTo(b));
        Assert.Equal(Ordering.After, a.Merge(b).CompareTo(a));
        Assert.Equal(Ordering.After, a.Merge(b).CompareTo(b));
    }

    [Fact]
    public void Merging_is_commutative_associative_and_idempotent() => Property.Holds(seed =>
    {
        var clocks = History.Random(seed).Held.Select(gossip => gossip.Version).ToList();
        Assert.Equal(clocks[0].Merge(clocks[1]), clocks[1].Merge(clocks[0]));
        Assert.Equal(clocks[0].Merge(clocks[1]).Merge(clocks[2]), clocks[0].Merge(clocks[1].Merge(clocks[2])));
        Assert.Equal(clocks[0], clocks[0].Merge(clocks[0]));
    });

    [Fact]
    public void Comparing_turns_around_with_its_sides() => Property.Holds(seed =>
    {
        var clocks = History.Random(seed).Held.Select(gossip => gossip.Version).ToList();
        var turned = clocks[1].CompareTo(clocks[0]) switch
        {
            Ordering.Before => Ordering.After,
            Ordering.After => Ordering.Before,
            var same => same,
        };
        Assert.Equal(turned, clocks[0].CompareTo(clocks[1]));
    });
}

public sealed class ReachabilityTests
{
    [Fact]
    public void Merging_takes_the_later_row_of_each_observer() => Property.Holds(seed =>
    {
        var history = History.Random(seed);
        var all = history.Nodes.ToHashSet();
        var (a, b, c) = (history.Held[0].Reachability, history.Held[1].Reachability, history.Held[2].Reachability);

        foreach (var (observer, row) in a.Merge(all, b).Rows)
        {
            var versions = new[] { a, b }.Where(each => each.Rows.ContainsKey(observer)).Select(each => each.Rows[observer].Version);
            Assert.Equal(versions.Max(), row.Version);
        }

        Assert.Equal(a.Merge(all, b).Merge(all, c).Rows.Keys, a.Merge(all, b.Merge(all, c)).Rows.Keys);
        Assert.Equal(a, a.Merge(all, a));
    });

    [Fact]
    public void A_node_is_unreachable_until_every_observer_takes_it_back()
    {
        var (a, b, c) = (History.Node(0), History.Node(1), History.Node(2));
        var reachability = Reachability.Empty.Unreachable(a, c).Unreachable(b, c);

        Assert.False(reachability.Reachable(a, c).IsReachable(c));
        Assert.True(reachability.Reachable(a, c).Reachable(b, c).IsReachable(c));
    }

    [Fact]
    public void A_terminated_node_does_not_become_merely_unreachable()
    {
        var reachability = Reachability.Empty.Terminated(History.Node(0), History.Node(1));

        Assert.True(reachability.Unreachable(History.Node(0), History.Node(1)).IsTerminated(History.Node(1)));
    }

    [Fact]
    public void What_is_said_of_and_by_removed_nodes_is_forgotten()
    {
        var (a, b, c) = (History.Node(0), History.Node(1), History.Node(2));
        var reachability = Reachability.Empty.Unreachable(a, c).Unreachable(b, a);

        var kept = reachability.Keep(new HashSet<UniqueAddress> { a, b });

        Assert.Equal([a], kept.AllUnreachableOrTerminated);
    }
}
