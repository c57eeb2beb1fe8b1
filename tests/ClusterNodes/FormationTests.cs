using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>How nodes become a cluster.</summary>
public sealed class FormationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Nodes_that_join_one_of_them_are_up_everywhere(int count)
    {
        var nodes = await ClusterNode.FormAsync(count);

        Assert.All(nodes, node => Assert.Equal(count, node.Events.Members.Count));
        Assert.All(nodes, node => Assert.True(node.Cluster.IsUp));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Every_member_comes_up_after_those_that_were_up_before()
    {
        var nodes = new List<ClusterNode>();
        for (var i = 0; i < 3; i++)
        {
            nodes.Add(ClusterNode.Start());
            await ClusterNode.JoinAllAsync([.. nodes]);
        }

        var byAge = nodes[2].Events.Members.OrderBy(member => member, Member.AgeOrdering).Select(member => member.Address);

        Assert.Equal(nodes.Select(node => node.Address), byAge);
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Roles_and_version_of_a_member_are_known_to_the_others()
    {
        var gateway = ClusterNode.Start("""
            akka.cluster.roles = [gateway, prefill]
            akka.cluster.app-version = "1.2.3"
            """);
        var decode = ClusterNode.Start("""akka.cluster.roles = [decode]""");
        await ClusterNode.JoinAllAsync(gateway, decode);

        var seen = decode.Events.Members.Single(member => member.Address.Equals(gateway.Address));

        Assert.True(seen.HasRole("gateway") && seen.HasRole("prefill") && !seen.HasRole("decode"));
        Assert.Equal("1.2.3", seen.AppVersion.Version);
        Assert.Equal(["gateway", "prefill"], gateway.Cluster.SelfRoles.Order());
        await ClusterNode.StopAllAsync(gateway, decode);
    }

    [Fact]
    public async Task A_node_of_another_cluster_name_is_not_let_in()
    {
        var nodes = await ClusterNode.FormAsync(2);
        var stranger = ClusterNode.Start(name: "strangers");

        stranger.Cluster.Join(nodes[0].Address);
        // It would be let in before one that asks later.
        var third = ClusterNode.Start();
        third.Cluster.Join(nodes[0].Address);
        await ClusterNode.AllUpAsync([.. nodes, third]);

        Assert.False(nodes[0].Events.IsMember(stranger.Address));
        Assert.Empty(stranger.Events.Members);
        await ClusterNode.StopAllAsync([.. nodes, third, stranger]);
    }

    [Fact]
    public async Task Seed_nodes_form_one_cluster_whichever_starts_first()
    {
        var (first, second) = (ClusterNode.Start("akka.cluster.seed-node-timeout = 2s"), ClusterNode.Start("akka.cluster.seed-node-timeout = 2s"));
        Address[] seeds = [first.Address, second.Address];

        second.Cluster.JoinSeedNodes(seeds);
        first.Cluster.JoinSeedNodes(seeds);

        await ClusterNode.AllUpAsync(first, second);
        await ClusterNode.StopAllAsync(first, second);
    }

    [Fact]
    public async Task Nobody_is_up_before_there_are_enough_members()
    {
        const string AtLeastThree = "akka.cluster.min-nr-of-members = 3";
        var nodes = Enumerable.Range(0, 3).Select(_ => ClusterNode.Start(AtLeastThree)).ToArray();
        nodes[0].Cluster.Join(nodes[0].Address);
        nodes[1].Cluster.Join(nodes[0].Address);
        await nodes[1].Events.Until("two joining", log => log.Members.Count == 2);
        Assert.All(nodes[1].Events.Members, member => Assert.Equal(MemberStatus.Joining, member.Status));

        nodes[2].Cluster.Join(nodes[0].Address);

        await ClusterNode.AllUpAsync(nodes);
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Joining_asynchronously_ends_when_the_node_is_up()
    {
        // So long a call may take; by default it fails after ten seconds, which a busy machine may need.
        const string Patient = "akka.cluster.retry-unsuccessful-join-after = 60s";
        var (first, second) = (ClusterNode.Start(Patient), ClusterNode.Start(Patient));

        await first.Cluster.JoinAsync(first.Address).WaitAsync(ClusterNode.Patience);
        await second.Cluster.JoinAsync(first.Address).WaitAsync(ClusterNode.Patience);

        await ClusterNode.AllUpAsync(first, second);
        await ClusterNode.StopAllAsync(first, second);
    }

    [Fact]
    public async Task Joining_a_node_that_does_not_answer_fails_in_time()
    {
        var nobody = ClusterNode.Start();
        var address = nobody.Address;
        await nobody.DisposeAsync();
        var node = ClusterNode.Start("akka.cluster.retry-unsuccessful-join-after = 1s");

        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAsync<ClusterJoinFailedException>(() => node.Cluster.JoinAsync(address).WaitAsync(ClusterNode.Patience));

        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(0.5), $"It gave up after {watch.Elapsed}.");
        await ClusterNode.StopAllAsync(node);
    }

    [Fact]
    public async Task A_node_whose_seed_never_answers_ends_when_its_time_to_give_up_has_come()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var node = ClusterNode.Start(
            """
            akka.cluster.seed-node-timeout = 1s
            akka.cluster.shutdown-after-unsuccessful-join-seed-nodes = 2s
            """);

        node.Cluster.JoinSeedNodes([node.Address.WithPort(((IPEndPoint)silent.LocalEndpoint).Port)]);

        await node.System.WhenTerminated.WaitAsync(ClusterNode.Patience);
        Assert.Empty(node.Events.Members);
    }
}
