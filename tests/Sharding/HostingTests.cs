using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Akka.Util;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.Sharding.Tests;

/// <summary>The verbs of a host.</summary>
public sealed class HostingTests
{
    private readonly EntityTable _table = new();

    [Fact]
    public async Task A_region_and_a_proxy_are_registered_by_their_keys()
    {
        var options = new ShardOptions { Role = "host", StateStoreMode = StateStoreMode.DData };
        using var host = await StartAsync(new ClusterOptions { Roles = ["host"] }, akka => akka.WithShardRegion<EchoEntity>(
            ShardingNode.TypeName, id => EchoEntity.Props(id, 1, _table), EchoEntity.Extractor, options));
        using var other = await StartAsync(new ClusterOptions(), akka => akka.WithShardRegionProxy<EchoEntity>(
            ShardingNode.TypeName, "host", ExtractEntity, ShardOf));
        await JoinAsync(host, host);
        await JoinAsync(other, host);

        foreach (var each in new[] { host, other })
        {
            var region = each.Services.GetRequiredService<IRequiredActor<EchoEntity>>().ActorRef;
            Assert.Equal("e|hello|1", await region.Ask<string>("e|hello", ShardingNode.Patience));
        }

        await other.StopAsync();
        await host.StopAsync();
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public async Task Options_reach_the_entities()
    {
        var options = new ShardOptions { StateStoreMode = StateStoreMode.DData, PassivateIdleEntityAfter = TimeSpan.FromSeconds(1), HandOffStopMessage = "e|last" };
        using var host = await StartAsync(new ClusterOptions(), akka => akka.WithShardRegion<EchoEntity>(
            ShardingNode.TypeName, (_, _, _) => id => EchoEntity.Props(id, 1, _table), ExtractEntity, ShardOf, options));
        await JoinAsync(host, host);
        var region = host.Services.GetRequiredService<IRequiredActor<EchoEntity>>().ActorRef;

        await region.Ask<string>("e|hello", ShardingNode.Patience);

        await ShardingNode.UntilAsync("it has gone", () => Task.FromResult(!_table.Lives("e")));
        await host.StopAsync();
    }

    private static Option<(string, object)> ExtractEntity(object message) =>
        EchoEntity.EntityOf(message) is { } entity ? (entity, message) : Option<(string, object)>.None;

    private static string ShardOf(object message) =>
        message is ShardRegion.StartEntity start ? EchoEntity.Extractor.ShardId(start.EntityId) : EchoEntity.Extractor.ShardId(EchoEntity.EntityOf(message)!);

    private static async Task<IHost> StartAsync(ClusterOptions cluster, Action<AkkaConfigurationBuilder> configure)
    {
        var host = new HostBuilder().ConfigureServices(services => services.AddAkka("sharded", akka =>
        {
            akka.AddHocon(
                """
                akka.loglevel = OFF
                akka.stdout-loglevel = OFF
                akka.cluster.sharding.distributed-data.durable.keys = []
                akka.cluster.retry-unsuccessful-join-after = 60s
                """,
                HoconAddMode.Prepend);
            akka.WithRemoting("127.0.0.1", 0).WithClustering(cluster);
            configure(akka);
        })).Build();
        await host.StartAsync().WaitAsync(ShardingNode.Patience);
        return host;
    }

    private static Task JoinAsync(IHost host, IHost to)
    {
        var address = Akka.Cluster.Cluster.Get(to.Services.GetRequiredService<ActorSystem>()).SelfAddress;
        return Akka.Cluster.Cluster.Get(host.Services.GetRequiredService<ActorSystem>()).JoinAsync(address).WaitAsync(ShardingNode.Patience);
    }
}
