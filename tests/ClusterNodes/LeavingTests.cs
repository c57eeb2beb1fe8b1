using Akka.Cluster;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>How nodes go in order.</summary>
public sealed class LeavingTests
{
    [Fact]
    public async Task A_node_that_leaves_is_seen_to_leave_exit_and_be_removed_in_this_order()
    {
        var nodes = await ClusterNode.FormAsync(3);
        var leaver = nodes[2];

        var left = leaver.Cluster.LeaveAsync();

        foreach (var other in nodes[..2])
        {
            await other.Events.Until("the leaver removed", log => !log.IsMember(leaver.Address));
            var about = other.Events.EventsAbout(leaver.Cluster.SelfUniqueAddress);
            // It may be missed before it is removed, since it does not wait for that.
            Assert.Equal(["MemberLeft", "MemberExited", "MemberRemoved"], about.Where(name => name is not ("MemberJoined" or "MemberWeaklyUp" or "MemberUp" or "UnreachableMember" or "ReachableMember")));
        }

        await left.WaitAsync(ClusterNode.Patience);
        await leaver.System.WhenTerminated.WaitAsync(ClusterNode.Patience);
        Assert.True(leaver.Cluster.IsTerminated);
        await ClusterNode.StopAllAsync(nodes[..2]);
    }

    [Fact]
    public async Task The_oldest_and_leading_node_can_leave_too()
    {
        var nodes = await ClusterNode.FormAsync(3);
        var leader = nodes.Single(node => node.Address.Equals(nodes[0].Cluster.State.Leader));
        var others = nodes.Where(node => node != leader).ToArray();

        await leader.Cluster.LeaveAsync().WaitAsync(ClusterNode.Patience);

        foreach (var other in others)
            await other.Events.Until("the leader removed", log => !log.IsMember(leader.Address) && others.All(each => log.StatusOf(each.Address) == MemberStatus.Up));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_system_that_terminates_leaves_first()
    {
        var nodes = await ClusterNode.FormAsync(2);

        await nodes[1].System.Terminate().WaitAsync(ClusterNode.Patience);

        await nodes[0].Events.Until("the other removed", log => !log.IsMember(nodes[1].Address));
        Assert.Contains("MemberExited", nodes[0].Events.EventsAbout(nodes[1].Cluster.SelfUniqueAddress));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task The_last_node_can_leave()
    {
        var nodes = await ClusterNode.FormAsync(1);

        await nodes[0].Cluster.LeaveAsync().WaitAsync(ClusterNode.Patience);

        await nodes[0].System.WhenTerminated.WaitAsync(ClusterNode.Patience);
        Assert.True(nodes[0].Cluster.IsTerminated);
    }

    [Fact]
    public async Task A_node_can_be_told_to_leave_by_another()
    {
        var nodes = await ClusterNode.FormAsync(2);

        nodes[0].Cluster.Leave(nodes[1].Address);

        await nodes[1].System.WhenTerminated.WaitAsync(ClusterNode.Patience);
        await nodes[0].Events.Until("the other removed", log => !log.IsMember(nodes[1].Address));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Callbacks_for_up_and_removed_run_once_each()
    {
        var (up, removed) = (new TaskCompletionSource(), new TaskCompletionSource());
        var node = ClusterNode.Start();
        node.Cluster.RegisterOnMemberUp(up.SetResult);
        node.Cluster.RegisterOnMemberRemoved(removed.SetResult);
        Assert.False(up.Task.IsCompleted);

        await ClusterNode.JoinAllAsync(node);
        await up.Task.WaitAsync(ClusterNode.Patience);
        Assert.False(removed.Task.IsCompleted);

        await node.Cluster.LeaveAsync().WaitAsync(ClusterNode.Patience);
        await removed.Task.WaitAsync(ClusterNode.Patience);
        await ClusterNode.StopAllAsync(node);
    }
}
