using ActorInference.Roles.Composition;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Akka.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.Roles.Tests.Node;

/// <summary>Kinds of entities that a node is given, in clusters of one node, as <c>up</c> is.</summary>
public sealed class ShardedEntityTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-entities-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_entity_is_reached_by_its_id_and_each_has_its_own_state()
    {
        await using var node = await ClusterOfOne.StartAsync([NodeRole.CacheMaster]);

        Assert.Equal(1, await node.AddAsync("a", 1));
        Assert.Equal(3, await node.AddAsync("a", 2));
        Assert.Equal(5, await node.AddAsync("b", 5));
    }

    [Fact]
    public async Task What_an_entity_acknowledged_outlives_the_process_in_a_sqlite_file()
    {
        var file = $"actor-inference.persistence {{ provider = sqlite, connection-string = \"Data Source={Path.Combine(_folder, "journal.db")}\" }}";
        await using (var first = await ClusterOfOne.StartAsync([NodeRole.CacheMaster], file)) Assert.Equal(7, await first.AddAsync("a", 7));

        await using var second = await ClusterOfOne.StartAsync([NodeRole.CacheMaster], file);

        Assert.Equal(8, await second.AddAsync("a", 1));
    }

    [Fact]
    public async Task A_node_without_the_role_of_a_kind_hosts_none_of_it()
    {
        await using var node = await ClusterOfOne.StartAsync([NodeRole.CacheStore]);

        await Assert.ThrowsAsync<AskTimeoutException>(() => node.AddAsync("a", 1, TimeSpan.FromMilliseconds(300)));
    }

    /// <summary>A hosted node that has begun a cluster, with counters as entities of cache masters.</summary>
    private sealed class ClusterOfOne(IHost host) : IAsyncDisposable
    {
        public static async Task<ClusterOfOne> StartAsync(NodeRole[] roles, string config = "")
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Services.AddAkka("entities", akka => akka
                .AddHocon(
                    $$"""
                    akka {
                      loglevel = ERROR, stdout-loglevel = OFF, coordinated-shutdown.run-by-clr-shutdown-hook = off
                      actor.provider = cluster
                      cluster.roles = [{{string.Join(", ", roles.Select(role => role.Name()))}}]
                      remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
                    }
                    {{config}}
                    """,
                    HoconAddMode.Prepend)
                .WithInferenceNode(new InferenceNode { Roles = [.. roles], Entities = _ => [Counters] }));
            var host = builder.Build();
            await host.StartAsync().WaitAsync(Patience);
            var cluster = Cluster.Get(host.Services.GetRequiredService<ActorSystem>());
            await cluster.JoinAsync(cluster.SelfAddress).WaitAsync(Patience);
            return new ClusterOfOne(host);
        }

        /// <returns>The counter's value after it was journaled.</returns>
        public Task<int> AddAsync(string id, int number, TimeSpan? deadline = null) =>
            host.Services.GetRequiredService<ActorRegistry>().Get<CounterActor>().Ask<int>(new ShardingEnvelope(id, number), deadline ?? Patience);

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync().WaitAsync(Patience);
            host.Dispose();
        }
    }

    private static readonly ShardedEntity Counters = new()
    {
        TypeName = "counter",
        Key = typeof(CounterActor),
        Role = NodeRole.CacheMaster,
        Props = (_, _) => id => Props.Create(() => new CounterActor(id)),
        Extractor = HashCodeMessageExtractor.Create(10, _ => null!),   // All messages come in envelopes.
    };

    private sealed class CounterActor : ReceivePersistentActor
    {
        private int _value;

        public CounterActor(string id)
        {
            PersistenceId = $"counter-{id}";
            Recover<int>(number => _value += number);
            Command<int>(number => Persist(number, added =>
            {
                _value += added;
                Sender.Tell(_value);
            }));
        }

        public override string PersistenceId { get; }
    }
}
