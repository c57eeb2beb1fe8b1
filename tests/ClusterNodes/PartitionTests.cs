using Akka.Cluster;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>A network that falls apart: at most one side goes on.</summary>
public sealed class PartitionTests
{
    [Fact]
    public async Task The_majority_survives_a_partition_and_the_minority_ends()
    {
        await using var network = new CuttingNetwork();
        var nodes = await FormAsync(network, 5, "");

        network.Part(Hosts(nodes[..3]), Hosts(nodes[3..]));

        await Task.WhenAll(nodes[3..].Select(node => node.System.WhenTerminated)).WaitAsync(ClusterNode.Patience);
        foreach (var survivor in nodes[..3])
            await survivor.Events.Until("the minority removed", log => nodes[3..].All(lost => !log.IsMember(lost.Address)));
        Assert.All(nodes[..3], node => Assert.True(node.Cluster.IsUp));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task The_side_of_the_oldest_survives_under_keep_oldest()
    {
        await using var network = new CuttingNetwork();
        var nodes = await FormAsync(network, 4, "akka.cluster.split-brain-resolver.active-strategy = keep-oldest");
        var byAge = nodes.OrderBy(node => nodes[0].Events.Members.Single(member => member.Address.Equals(node.Address)), Member.AgeOrdering).ToArray();

        network.Part(Hosts(byAge[..2]), Hosts(byAge[2..]));

        await Task.WhenAll(byAge[2..].Select(node => node.System.WhenTerminated)).WaitAsync(ClusterNode.Patience);
        await byAge[0].Events.Until("the others removed", log => byAge[2..].All(lost => !log.IsMember(lost.Address)));
        Assert.All(byAge[..2], node => Assert.True(node.Cluster.IsUp));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_node_that_was_removed_behind_a_partition_ends_when_the_network_heals()
    {
        await using var network = new CuttingNetwork();
        var majority = Enumerable.Range(0, 2).Select(_ => ClusterNode.Start(network.AddNode())).ToArray();
        var slow = ClusterNode.Start(network.AddNode() + "akka.cluster.split-brain-resolver.stable-after = 300s");
        await ClusterNode.JoinAllAsync([.. majority, slow]);

        network.Part(Hosts(majority), Hosts([slow]));
        foreach (var node in majority) await node.Events.Until("the slow one removed", log => !log.IsMember(slow.Address));
        Assert.True(slow.Cluster.IsUp);
        network.Heal();

        await slow.System.WhenTerminated.WaitAsync(ClusterNode.Patience);
        Assert.All(majority, node => Assert.True(node.Cluster.IsUp));
        await ClusterNode.StopAllAsync(majority);
    }

    [Fact]
    public async Task A_partition_that_heals_before_a_decision_costs_no_member()
    {
        await using var network = new CuttingNetwork();
        var nodes = await FormAsync(network, 3, "akka.cluster.split-brain-resolver.stable-after = 30s");

        network.Part(Hosts(nodes[..2]), Hosts(nodes[2..]));
        await nodes[0].Events.Until("the third unreachable", log => log.IsUnreachable(nodes[2].Address));
        network.Heal();

        foreach (var node in nodes) await node.Events.Until("all reachable", log => nodes.All(other => !log.IsUnreachable(other.Address)));
        Assert.All(nodes, node => Assert.Equal(3, node.Events.Members.Count(member => member.Status == MemberStatus.Up)));
        await ClusterNode.StopAllAsync(nodes);
    }

    private static IEnumerable<string> Hosts(IEnumerable<ClusterNode> nodes) => nodes.Select(node => node.Address.Host!);

    private static async Task<ClusterNode[]> FormAsync(CuttingNetwork network, int count, string hocon)
    {
        var nodes = Enumerable.Range(0, count).Select(_ => ClusterNode.Start(network.AddNode() + hocon)).ToArray();
        await ClusterNode.JoinAllAsync(nodes);
        return nodes;
    }
}
