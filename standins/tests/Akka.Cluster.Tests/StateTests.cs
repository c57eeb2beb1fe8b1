using System.Collections.Immutable;
using Akka.Cluster;

namespace ActorInference.Standins.Cluster.Tests;

public sealed class StateTests
{
    private static readonly MinimumMembers One = new(1, ImmutableDictionary<string, int>.Empty);
    private static readonly HashSet<UniqueAddress> Nobody = [];

    [Fact]
    public void Events_between_two_states_lead_from_one_snapshot_to_the_other() => Property.Holds(seed =>
    {
        var history = History.Random(seed);
        var (before, after) = (new MembershipState(history.Held[0], history.Nodes[0]), new MembershipState(history.Held[1], history.Nodes[0]));

        var reached = ClusterEventDiff.Between(before, after).Aggregate(ClusterEvent.CurrentClusterState.Of(before), (state, each) => state.Apply(each));

        var expected = ClusterEvent.CurrentClusterState.Of(after);
        Assert.Equal(Text(expected.Members), Text(reached.Members));
        Assert.Equal(Text(expected.Unreachable.Order()), Text(reached.Unreachable.Order()));
        Assert.Equal(expected.Leader, reached.Leader);
        foreach (var role in expected.AllRoles) Assert.Equal(expected.RoleLeader(role), reached.RoleLeader(role));
    });

    [Fact]
    public void Nothing_happens_between_equal_states() => Property.Holds(seed =>
    {
        var history = History.Random(seed);
        Assert.Empty(ClusterEventDiff.Between(
            new MembershipState(history.Held[0], history.Nodes[0]), new MembershipState(history.Held[0].MergeSeen(history.Held[0]), history.Nodes[0])));
    });

    [Fact]
    public void The_leader_is_the_lowest_reachable_settled_member()
    {
        var gossip = History.Of(History.Joining(History.Node(0)), History.Up(1, 1), History.Up(2, 2));
        Assert.Equal(History.Node(1), new MembershipState(gossip, History.Node(2)).Leader);

        var split = gossip with { Reachability = Reachability.Empty.Unreachable(History.Node(2), History.Node(1)) };
        Assert.Equal(History.Node(2), new MembershipState(split, History.Node(2)).Leader);
    }

    [Fact]
    public void The_state_has_converged_when_all_who_count_have_seen_it()
    {
        var gossip = History.Of(History.Up(0, 1), History.Up(1, 2), History.Joining(History.Node(2))).ChangedBy(History.Node(0));
        Assert.False(new MembershipState(gossip, History.Node(0)).IsConverged(Nobody));
        Assert.True(new MembershipState(gossip.AddSeen(History.Node(1)), History.Node(0)).IsConverged(Nobody));
    }

    [Fact]
    public void An_unreachable_member_holds_up_convergence_unless_it_is_down()
    {
        var gossip = History.Of(History.Up(0, 1), History.Up(1, 2)).ChangedBy(History.Node(0)).AddSeen(History.Node(1))
            with { Reachability = Reachability.Empty.Unreachable(History.Node(0), History.Node(1)) };
        Assert.False(new MembershipState(gossip, History.Node(0)).IsConverged(Nobody));

        var downed = gossip.With(gossip.Members[History.Node(1)].Copy(MemberStatus.Down));
        Assert.True(new MembershipState(downed, History.Node(0)).IsConverged(Nobody));
    }

    [Fact]
    public void The_leader_moves_members_on_and_removes_those_that_are_gone()
    {
        var gossip = History.Of(
            History.Up(0, 1),
            History.Joining(History.Node(1)),
            History.Up(2, 2).Copy(MemberStatus.Leaving),
            History.Up(3, 3).Copy(MemberStatus.Down),
            History.Up(4, 4).Copy(MemberStatus.Leaving).Copy(MemberStatus.Exiting))
            with { Reachability = Reachability.Empty.Unreachable(History.Node(0), History.Node(3)) };

        var moved = LeaderActions.OnConvergence(new MembershipState(gossip, History.Node(0)), new HashSet<UniqueAddress> { History.Node(4) }, One, 9, 0);

        Assert.Equal(
            [MemberStatus.Up, MemberStatus.Up, MemberStatus.Exiting],
            moved.Members.Values.Select(member => member.Status));
        Assert.Equal(5, moved.Members[History.Node(1)].UpNumber);
        Assert.Equal([History.Node(3), History.Node(4)], moved.Tombstones.Keys);
    }

    [Fact]
    public void The_leader_waits_for_enough_members_of_each_role()
    {
        var minimum = new MinimumMembers(2, ImmutableDictionary<string, int>.Empty.Add("decode", 1));
        var two = History.Of(History.Joining(History.Node(0), "prefill"), History.Joining(History.Node(1), "prefill"));
        Assert.Same(two, LeaderActions.OnConvergence(new MembershipState(two, History.Node(0)), Nobody, minimum, 9, 0));

        var three = two.With(History.Joining(History.Node(2), "decode"));
        var moved = LeaderActions.OnConvergence(new MembershipState(three, History.Node(0)), Nobody, minimum, 9, 0);
        Assert.All(moved.Members.Values, member => Assert.Equal(MemberStatus.Up, member.Status));
        Assert.Equal([1, 2, 3], moved.Members.Values.Select(member => member.UpNumber));
    }

    [Fact]
    public void Everyone_is_watched_by_as_many_as_asked_for() => Property.Holds(
        seed =>
        {
            var random = new Random(seed);
            var nodes = Enumerable.Range(0, 2 + random.Next(30)).Select(_ => new UniqueAddress(History.Node(random.Next(200)).Address, random.Next())).ToImmutableHashSet();
            var unreachable = nodes.Where(_ => random.Next(6) == 0).ToImmutableHashSet();
            var ring = new HeartbeatRing(nodes, unreachable, 1 + random.Next(9));

            foreach (var node in nodes)
            {
                var receivers = ring.ReceiversOf(node);
                Assert.DoesNotContain(node, receivers);
                var reachable = nodes.Except(unreachable).Remove(node).Count;
                Assert.Equal(Math.Min(ring.MonitoredBy, reachable), receivers.Except(unreachable).Count);
            }
        },
        seeds: 100);

    private static string Text(IEnumerable<Member> members) => string.Join("; ", members.Select(member => $"{member.Address} {member.Status} {member.UpNumber}"));
}
