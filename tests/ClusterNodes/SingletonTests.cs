using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.Singleton;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>An actor of which the cluster has one.</summary>
public sealed class SingletonTests
{
    [Fact]
    public async Task A_singleton_runs_on_the_oldest_node_and_all_reach_it()
    {
        var nodes = await FormAsync(3);

        var hosts = await Task.WhenAll(nodes.Select(node => WhereAsync(Start(node))));

        Assert.Equal([nodes[0].Address.ToString()], hosts.Distinct());
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_singleton_moves_when_its_host_leaves()
    {
        var nodes = await FormAsync(3);
        var proxies = nodes.Select(Start).ToArray();
        Assert.Equal(nodes[0].Address.ToString(), await WhereAsync(proxies[2]));

        await nodes[0].Cluster.LeaveAsync().WaitAsync(ClusterNode.Patience);

        Assert.Equal(nodes[1].Address.ToString(), await UntilMovedAsync(proxies[2], nodes[0]));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_singleton_moves_when_its_host_dies()
    {
        var nodes = await FormAsync(3);
        var proxies = nodes.Select(Start).ToArray();
        Assert.Equal(nodes[0].Address.ToString(), await WhereAsync(proxies[2]));

        await nodes[0].DisposeAsync();

        Assert.Equal(nodes[1].Address.ToString(), await UntilMovedAsync(proxies[2], nodes[0]));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task A_singleton_of_a_role_runs_only_on_nodes_of_that_role()
    {
        var plain = ClusterNode.Start();
        await ClusterNode.JoinAllAsync(plain);
        var master = ClusterNode.Start("akka.cluster.roles = [master]");
        await ClusterNode.JoinAllAsync(plain, master);
        master.System.ActorOf(
            ClusterSingletonManager.Props(Props.Create(() => new Where()), ClusterSingletonManagerSettings.Create(master.System).WithRole("master")), "where");

        var proxy = plain.System.ActorOf(
            ClusterSingletonProxy.Props("/user/where", ClusterSingletonProxySettings.Create(plain.System).WithRole("master")), "where-proxy");

        Assert.Equal(master.Address.ToString(), await WhereAsync(proxy));
        await ClusterNode.StopAllAsync(plain, master);
    }

    private static async Task<ClusterNode[]> FormAsync(int count)
    {
        var nodes = new List<ClusterNode>();
        for (var i = 0; i < count; i++)
        {
            // One after the other: the first is the oldest.
            nodes.Add(ClusterNode.Start());
            await ClusterNode.JoinAllAsync([.. nodes]);
        }

        return [.. nodes];
    }

    /// <summary>The node's manager, and a proxy.</summary>
    private static IActorRef Start(ClusterNode node)
    {
        node.System.ActorOf(ClusterSingletonManager.Props(Props.Create(() => new Where()), ClusterSingletonManagerSettings.Create(node.System)), "where");
        return node.System.ActorOf(ClusterSingletonProxy.Props("/user/where", ClusterSingletonProxySettings.Create(node.System)), "where-proxy");
    }

    private static Task<string> WhereAsync(IActorRef proxy) => proxy.Ask<string>("where", ClusterNode.Patience);

    /// <summary>Asks until another than the old host answers; what was under way to that one is lost, and asked again.</summary>
    private static async Task<string> UntilMovedAsync(IActorRef proxy, ClusterNode from)
    {
        using var patience = new CancellationTokenSource(ClusterNode.Patience);
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            try
            {
                var where = await proxy.Ask<string>("where", TimeSpan.FromSeconds(1));
                if (where != from.Address.ToString()) return where;
            }
            catch (AskTimeoutException)
            {
                // Lost with the old host.
            }
        }
    }

    private sealed class Where : ReceiveActor
    {
        public Where() => Receive<string>(_ => Sender.Tell(Cluster.Get(Context.System).SelfAddress.ToString()));
    }
}
