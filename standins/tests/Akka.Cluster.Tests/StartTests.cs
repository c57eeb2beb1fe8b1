using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Configs;

namespace ActorInference.Standins.Cluster.Tests;

/// <summary>The first moments of a node.</summary>
public sealed class StartTests
{
    /// <summary>On the calling thread the parts start before the daemon is known to its node, as on a busy machine now and then.</summary>
    [Fact]
    public async Task A_node_lives_though_its_parts_start_faster_than_it_does()
    {
        using var system = ActorSystem.Create("started", ConfigurationFactory.ParseString($$"""
            akka {
              actor.provider = cluster
              loglevel = WARNING
              stdout-loglevel = OFF
              remote.dot-netty.tcp {
                hostname = "127.0.0.1"
                port = 0
              }
              cluster {
                retry-unsuccessful-join-after = 60s
                use-dispatcher = {{CallingThreadDispatcher.Id}}
                downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
              }
            }
            """).WithFallback(TestConfigs.DefaultConfig));
        var cluster = Akka.Cluster.Cluster.Get(system);

        await cluster.JoinAsync(cluster.SelfAddress).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.True(cluster.IsUp);
        await system.Terminate().WaitAsync(TimeSpan.FromSeconds(60));
    }
}
