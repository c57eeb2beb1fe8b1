using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Kv;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.Roles.Tests.Node;

/// <summary>The storage tier as a node composes it: sharded entities with a journal, a store with a disk, a worker's client.</summary>
public sealed class CacheNodeTests : IDisposable
{
    private const int Pages = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly KvPageLayout Layout = new(Layers: 2, PageSizeTokens: 16, KvHeads: 2, HeadDim: 16, KvDtype.F32);

    private static readonly PageRun Run = new(
        new KvNamespaceId(1, 2), 0, default, [.. Enumerable.Range(1, Pages).Select(i => new KvPageKey((ulong)i * 0x9E3779B97F4A7C15, (ulong)i))]);

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-cache-").FullName;
    private readonly KvPagePool _pool = new(Layout, 2 * Pages);

    public void Dispose()
    {
        _pool.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_was_stored_is_back_after_a_restart_of_everything()
    {
        var pages = new int[Pages];
        Assert.True(_pool.TryAllocate(pages));
        foreach (var page in pages) new Random(page).NextBytes(_pool.Bytes(page).Span);
        await using (var first = await CacheCluster.StartAsync(_folder))
        {
            await UntilAsync("all pages are stored", async () => await first.Client.PutAsync(Run, _pool, pages, CancellationToken.None) == Pages);
            await UntilAsync("all pages are found", async () => await first.Client.FindLeadingAsync(Run, CancellationToken.None) == Pages);
            await UntilAsync("the store knows that they are wanted", async () => (await first.Administration.StoresAsync()).Single().Status?.Pages == Pages);
        }

        await using var second = await CacheCluster.StartAsync(_folder);

        await UntilAsync("all pages are found", async () => await second.Client.FindLeadingAsync(Run, CancellationToken.None) == Pages);
        var read = new int[Pages];
        Assert.True(_pool.TryAllocate(read));
        await UntilAsync("all pages are read", async () => await second.Client.GetAsync(Run, _pool, read, CancellationToken.None) == Pages);
        for (var i = 0; i < Pages; i++) Assert.True(_pool.Bytes(pages[i]).Span.SequenceEqual(_pool.Bytes(read[i]).Span));
    }

    [Fact]
    public async Task A_node_that_joins_is_told_of_the_stores_at_once()
    {
        await using var first = await CacheCluster.StartAsync(_folder, reportInterval: "1h");

        await using var second = await CacheCluster.StartAsync(_folder, reportInterval: "1h", of: first);

        await UntilAsync("the store is known", () => Task.FromResult(!CacheProcess.Get(second.System).Table.Stores.IsEmpty));
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            Assert.True(watch.Elapsed < Patience, $"It did not come to pass in time that {what}.");
            await timer.WaitForNextTickAsync();
        }
    }

    private sealed class CacheCluster(IHost host, ActorSystem system, StorageClient client, CacheAdministration administration) : IAsyncDisposable
    {
        public ActorSystem System => system;

        public StorageClient Client => client;

        public CacheAdministration Administration => administration;

        /// <param name="of">Its first node, which has the store; null to begin with that.</param>
        public static async Task<CacheCluster> StartAsync(string folder, string reportInterval = "100ms", CacheCluster? of = null)
        {
            NodeRole[] roles = of is null ? [NodeRole.CacheMaster, NodeRole.CacheStore] : [NodeRole.CacheMaster];
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Services.AddAkka("cache", akka => akka
                .AddHocon(
                    $$"""
                    akka {
                      loglevel = ERROR, stdout-loglevel = OFF, coordinated-shutdown.run-by-clr-shutdown-hook = off
                      actor.provider = cluster
                      cluster.roles = [{{string.Join(", ", roles.Select(role => role.Name()))}}]
                      remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
                    }
                    actor-inference.persistence { provider = sqlite, connection-string = "Data Source={{Path.Combine(folder, "journal.db")}}" }
                    actor-inference.cache {
                      suspect-after = 60s
                      store { path = "{{Path.Combine(folder, "cache")}}", memory = 4MiB, memory-kind = private, report-interval = {{reportInterval}} }
                      client { query-deadline = 20s, transfer-deadline = 20s, breaker-failures = 1000 }
                    }
                    """,
                    HoconAddMode.Prepend)
                .WithInferenceNode(new InferenceNode { Roles = [.. roles] }));
            var host = builder.Build();
            await host.StartAsync().WaitAsync(Patience);
            var system = host.Services.GetRequiredService<ActorSystem>();
            var cluster = Akka.Cluster.Cluster.Get(system);
            await cluster.JoinAsync(of is null ? cluster.SelfAddress : Akka.Cluster.Cluster.Get(of.System).SelfAddress).WaitAsync(Patience);
            var shards = ActorRegistry.For(system).Get<CacheShardActor>();
            var settings = InferenceSettings.Read(system.Settings.Config).Cache;
            var administration = new CacheAdministration(system, shards, settings.Shards.Buckets, Patience);
            return new CacheCluster(host, system, CacheNode.CreateClient(system, shards, settings, exchange: null), administration);
        }

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync().WaitAsync(Patience);
            await client.DisposeAsync();
            host.Dispose();
        }
    }
}
