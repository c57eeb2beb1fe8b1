using System.Collections.Immutable;
using Akka.Cluster;
using Akka.Cluster.SBR;
using Akka.Configuration;

namespace ActorInference.Standins.Cluster.Tests;

public sealed class DowningTests
{
    /// <summary>Members by index, their age the index; those listed are unreachable from member 0's side or the other.</summary>
    [Theory]
    [InlineData("keep-majority", 5, "3,4", "3,4")]
    [InlineData("keep-majority", 5, "0,1,2", "3,4")]
    [InlineData("keep-majority", 4, "2,3", "2,3")]   // Equal sides: that of the lowest address goes on.
    [InlineData("keep-majority", 4, "0,1", "2,3")]
    [InlineData("keep-majority", 3, "1", "1")]
    [InlineData("keep-majority", 2, "0", "1")]
    [InlineData("static-quorum", 5, "3,4", "3,4")]
    [InlineData("static-quorum", 5, "0,1,2", "3,4")]
    [InlineData("static-quorum", 4, "2,3", "0,1")]   // A quorum of three: neither side has it.
    [InlineData("static-quorum", 6, "5", "0,1,2,3,4,5")]   // Too many: both sides could have a quorum.
    [InlineData("keep-oldest", 5, "1,2,3", "1,2,3")]
    [InlineData("keep-oldest", 5, "0,1", "2,3,4")]
    [InlineData("keep-oldest", 5, "0", "0")]   // It is alone.
    [InlineData("keep-oldest", 5, "1,2,3,4", "0")]   // It is alone, and sees it.
    [InlineData("down-all", 3, "2", "0,1,2")]
    public void A_side_downs_whom_the_strategy_says(string strategy, int members, string unreachable, string downed)
    {
        var partition = Part(members, Nodes(unreachable));

        Assert.Equal(Nodes(downed).Order(), Strategy(strategy).Decide(partition).Order());
    }

    [Theory]
    [InlineData("keep-majority")]
    [InlineData("static-quorum")]
    [InlineData("keep-oldest")]
    [InlineData("down-all")]
    public void Both_sides_never_go_on(string strategy) => Property.Holds(seed =>
    {
        var random = new Random(seed);
        var count = 2 + random.Next(5);
        var all = Enumerable.Range(0, count).Select(History.Node).ToImmutableHashSet();
        var side = all.Where(_ => random.Next(2) == 0).ToImmutableHashSet();
        if (side.IsEmpty || side.Count == count) return;

        var rule = Strategy(strategy);
        var survivorsHere = side.Except(rule.Decide(Part(count, all.Except(side))));
        var survivorsThere = all.Except(side).Except(rule.Decide(Part(count, side)));

        Assert.True(survivorsHere.IsEmpty || survivorsThere.IsEmpty, $"Both [{string.Join(",", survivorsHere)}] and [{string.Join(",", survivorsThere)}] go on.");
    });

    [Fact]
    public void Only_members_of_the_role_count()
    {
        var members = Enumerable.Range(0, 5).Select(i => History.Up(i, i + 1, i < 2 ? "cache" : "decode")).ToImmutableArray();
        var partition = new Partition(members, Nodes("2,3,4"), []);

        Assert.Equal(Nodes("2,3,4").Order(), new KeepMajority("cache").Decide(partition).Order());
        Assert.Equal(Nodes("0,1").Order(), new KeepMajority("decode").Decide(partition).Order());
    }

    [Fact]
    public void A_majority_that_might_be_none_by_now_downs_all()
    {
        // Three against two, but two more that join there may be up by now.
        ImmutableArray<Member> members =
        [
            .. Enumerable.Range(0, 5).Select(i => History.Up(i, i + 1)), History.Joining(History.Node(5)), History.Joining(History.Node(6)),
        ];
        var partition = new Partition(members, Nodes("3,4,5,6"), []);

        Assert.Equal(Nodes("0,1,2,3,4,5,6").Order(), new KeepMajority(null).Decide(partition).Order());
    }

    [Theory]
    [InlineData(5, "3,4", false)]
    [InlineData(5, "0,1,2", true)]
    [InlineData(4, "0,1", false)]   // Of equal sides both ask at once.
    public void The_smaller_side_asks_for_a_lease_later(int members, string unreachable, bool isLater)
    {
        var strategy = new LeaseMajority("akka.coordination.lease.any", null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(40), null);

        Assert.Equal(isLater, strategy.IsMinority(Part(members, Nodes(unreachable))));
        Assert.Equal(Nodes(unreachable).Order(), strategy.Decide(Part(members, Nodes(unreachable))).Order());
    }

    [Fact]
    public void Nodes_on_no_side_are_downed()
    {
        // 1 and 2 do not reach one another, and all reach both otherwise.
        var reachability = Reachability.Empty.Unreachable(History.Node(1), History.Node(2)).Unreachable(History.Node(2), History.Node(1));
        var gossip = History.Of([.. Enumerable.Range(0, 5).Select(i => History.Up(i, i + 1))]) with { Reachability = reachability };

        var partition = Partition.Of(new MembershipState(gossip, History.Node(0)));

        Assert.Equal(Nodes("1,2").Order(), partition.IndirectlyConnected.Order());
        Assert.Equal(Nodes("1,2").Order(), new KeepMajority(null).Decide(partition).Order());
    }

    [Theory]
    [InlineData("active-strategy = keep-some", "keep-some")]
    [InlineData("active-strategy = static-quorum", "quorum-size")]
    [InlineData("stable-after = 0s", "stable-after")]
    [InlineData("active-strategy = lease-majority", "lease-implementation")]
    public void A_setting_that_cannot_be_used_is_named(string hocon, string named)
    {
        var config = ConfigurationFactory.ParseString(hocon)
            .WithFallback(Akka.Cluster.Configuration.ClusterConfigFactory.Default().GetConfig("akka.cluster.split-brain-resolver"));

        var e = Assert.Throws<ConfigurationException>(() => new SplitBrainResolverSettings(config));

        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    private static DowningStrategy Strategy(string name) => name switch
    {
        "keep-majority" => new KeepMajority(null),
        "static-quorum" => new StaticQuorum(3, null),
        "keep-oldest" => new KeepOldest(true, null),
        _ => new DownAll(),
    };

    private static Partition Part(int members, ImmutableHashSet<UniqueAddress> unreachable) =>
        new([.. Enumerable.Range(0, members).Select(i => History.Up(i, i + 1))], unreachable, []);

    private static ImmutableHashSet<UniqueAddress> Nodes(string indexes) =>
        [.. indexes.Split(',').Select(each => History.Node(int.Parse(each, System.Globalization.CultureInfo.InvariantCulture)))];
}
