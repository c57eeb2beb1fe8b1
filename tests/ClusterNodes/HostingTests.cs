using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>Nodes that live in a host.</summary>
public sealed class HostingTests
{
    [Fact]
    public async Task Hosted_nodes_form_a_cluster_share_a_singleton_and_leave_with_their_hosts()
    {
        var (first, second) = (Start("first"), Start("second"));
        await Task.WhenAll(first.StartAsync(), second.StartAsync()).WaitAsync(ClusterNode.Patience);
        var (one, other) = (Cluster.Get(System(first)), Cluster.Get(System(second)));

        await one.JoinAsync(one.SelfAddress).WaitAsync(ClusterNode.Patience);
        await other.JoinAsync(one.SelfAddress).WaitAsync(ClusterNode.Patience);
        var proxy = second.Services.GetRequiredService<ActorRegistry>().Get<Greeter>();

        Assert.Equal(["first", "second"], one.SelfRoles.Union(other.SelfRoles).Order());
        Assert.Equal($"hello from {one.SelfAddress}", await proxy.Ask<string>("hello", ClusterNode.Patience));
        Assert.True(second.Services.GetRequiredService<ActorRegistry>().TryGet<DistributedPubSub>(out _));

        await first.StopAsync();
        Assert.True(one.IsTerminated);
        await second.StopAsync();
        first.Dispose();
        second.Dispose();
    }

    private static IHost Start(string role)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddAkka(ClusterNode.SystemName, (akka, _) => akka
            .WithRemoting("127.0.0.1", 0)
            .WithClustering(new ClusterOptions
            {
                Roles = [role],
                MinimumNumberOfMembers = 1,
                AppVersion = "1.2.3",
                SplitBrainResolver = new KeepOldestOption { DownIfAlone = false },
            })
            .WithSingleton<Greeter>("greeter", Props.Create(() => new Greeter()))
            .WithDistributedPubSub("")
            .AddHocon("akka { stdout-loglevel = OFF, loglevel = ERROR, coordinated-shutdown.run-by-clr-shutdown-hook = off, cluster.retry-unsuccessful-join-after = 60s }", HoconAddMode.Prepend));
        return builder.Build();
    }

    private static ActorSystem System(IHost host) => host.Services.GetRequiredService<ActorSystem>();

    private sealed class Greeter : ReceiveActor
    {
        public Greeter() => Receive<string>(text => Sender.Tell($"{text} from {Cluster.Get(Context.System).SelfAddress}"));
    }
}
