using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>How nodes go that are lost.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task A_killed_node_becomes_unreachable_and_is_downed_by_the_majority()
    {
        var nodes = await ClusterNode.FormAsync(3);
        var lost = nodes[2].Cluster.SelfUniqueAddress;

        await nodes[2].DisposeAsync();

        foreach (var other in nodes[..2])
        {
            await other.Events.Until("the lost one removed", log => !log.IsMember(lost.Address));
            var about = other.Events.EventsAbout(lost);
            Assert.Equal(["MemberDowned", "MemberRemoved"], about.Where(name => name is not ("MemberJoined" or "MemberWeaklyUp" or "MemberUp" or "UnreachableMember" or "ReachableMember")));
            // On a busy machine it may have been missed and found again before.
            Assert.Equal("UnreachableMember", about.TakeWhile(name => name != "MemberDowned").Last());
        }

        Assert.All(nodes[..2], node => Assert.True(node.Cluster.IsUp));
        await ClusterNode.StopAllAsync(nodes[..2]);
    }

    [Fact]
    public async Task A_downed_node_shuts_itself_down()
    {
        var nodes = await ClusterNode.FormAsync(3);

        nodes[0].Cluster.Down(nodes[2].Address);

        await nodes[2].System.WhenTerminated.WaitAsync(ClusterNode.Patience);
        await nodes[1].Events.Until("the downed one removed", log => !log.IsMember(nodes[2].Address));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_node_restarted_at_its_address_joins_as_a_new_incarnation()
    {
        // Of two that lose one another, one gives up in the end: not before the other is back, however long its start takes.
        const string Patient = "akka.cluster.split-brain-resolver.stable-after = 300s";
        var port = $"akka.remote.dot-netty.tcp.port = {FreePort.Next()}\n";
        ClusterNode[] nodes = [ClusterNode.Start(Patient), ClusterNode.Start(port + Patient)];
        await ClusterNode.JoinAllAsync(nodes);
        var old = nodes[1].Cluster.SelfUniqueAddress;
        await nodes[1].DisposeAsync();

        var restarted = ClusterNode.Start(port + Patient);
        restarted.Cluster.Join(nodes[0].Address);

        await nodes[0].Events.Until("the new incarnation up", log => log.Members.Any(member =>
            member.Address.Equals(old.Address) && member.UniqueAddress.Uid != old.Uid && member.Status == MemberStatus.Up));
        await ClusterNode.AllUpAsync(nodes[0], restarted);
        Assert.Contains("MemberRemoved", nodes[0].Events.EventsAbout(old));
        await ClusterNode.StopAllAsync(nodes[0], restarted);
    }

    [Fact]
    public async Task A_watched_actor_of_a_lost_node_is_terminated()
    {
        var nodes = await ClusterNode.FormAsync(3);
        var watched = nodes[2].System.ActorOf(Props.Create(() => new Silent()), "watched");
        var ended = new TaskCompletionSource<IActorRef>(TaskCreationOptions.RunContinuationsAsynchronously);
        var remote = await nodes[0].System.ActorSelection(nodes[0].Cluster.RemotePathOf(watched).ToString().Replace(
            nodes[0].Address.ToString(), nodes[2].Address.ToString(), StringComparison.Ordinal)).ResolveOne(ClusterNode.Patience);
        nodes[0].System.ActorOf(Props.Create(() => new Watcher(remote, ended)));

        await nodes[2].DisposeAsync();

        Assert.Equal(remote, await ended.Task.WaitAsync(ClusterNode.Patience));
        await ClusterNode.StopAllAsync(nodes[..2]);
    }

    private sealed class Silent : ReceiveActor;

    private sealed class Watcher : ReceiveActor
    {
        public Watcher(IActorRef watched, TaskCompletionSource<IActorRef> ended)
        {
            Context.Watch(watched);
            Receive<Terminated>(terminated => ended.TrySetResult(terminated.ActorRef));
        }
    }
}
