using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Cache.Transfer;
using ActorInference.Host.Composition;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.Host.Tests.Testing;

/// <summary>A cluster whose metadata and worker are in this process, and whose stores are processes of their own.</summary>
public sealed partial class CacheCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>For a question that is asked again: it may have gone to a process that was killed just before.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);

    /// <summary>Nobody is put out because the machine is busy: the test says who is dead.</summary>
    private const string Calm =
        """
        akka.cluster.split-brain-resolver.stable-after = 120s
        actor-inference.cache {
          replicas = 2
          remove-after = 10m
          store { memory = 8MiB, memory-kind = private, report-interval = 100ms, snapshot-interval = 1h }
          client { query-deadline = 10s, transfer-deadline = 10s, breaker-failures = 1000 }
        }

        """;

    private readonly IHost _host;
    private readonly string _folder;
    private readonly PageExchange _exchange;
    private readonly CacheAdministration _impatient;
    private readonly ConcurrentBag<ChildProcess> _processes = [];

    private CacheCluster(IHost host, ActorSystem system, string folder, IPageMemory pages)
    {
        (_host, System, _folder) = (host, system, folder);
        _exchange = new PageExchange(pages, IPAddress.Loopback, "127.0.0.1", port: 0, new PageFetcherOptions());
        var shards = ActorRegistry.For(system).Get<CacheShardActor>();
        var settings = InferenceSettings.Read(system.Settings.Config).Cache;
        Client = CacheNode.CreateClient(system, shards, settings, _exchange);
        Administration = new CacheAdministration(system, shards, settings.Shards.Buckets, Patience);
        _impatient = new CacheAdministration(system, shards, settings.Shards.Buckets, Moment);
    }

    public ActorSystem System { get; }

    public StorageClient Client { get; }

    public CacheAdministration Administration { get; }

    /// <param name="folder">For what the stores keep.</param>
    /// <param name="pages">The worker's.</param>
    public static async Task<CacheCluster> StartAsync(string folder, IPageMemory pages)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka("actor-inference", akka => akka
            .AddHocon(
                Calm +
                """
                akka {
                  loglevel = ERROR, stdout-loglevel = OFF, coordinated-shutdown.run-by-clr-shutdown-hook = off
                  actor.provider = cluster
                  cluster.roles = [cache-master]
                  remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
                }
                """,
                HoconAddMode.Prepend)
            .WithInferenceNode(new InferenceNode { Roles = [NodeRole.CacheMaster] }));
        var host = builder.Build();
        await host.StartAsync().WaitAsync(Patience);
        var system = host.Services.GetRequiredService<ActorSystem>();
        var cluster = Akka.Cluster.Cluster.Get(system);
        await cluster.JoinAsync(cluster.SelfAddress).WaitAsync(Patience);
        return new CacheCluster(host, system, folder, pages);
    }

    /// <summary>Starts a store's process; done when the cluster knows its store.</summary>
    public async Task<StoreProcess> StartStoreAsync(string name)
    {
        var config = Path.Combine(_folder, $"{name}.conf");
        var data = Path.Combine(_folder, name);
        await File.WriteAllTextAsync(config, Calm + $"actor-inference.cache.store.path = \"{data}\"\n");
        var self = Akka.Cluster.Cluster.Get(System).SelfAddress;
        var process = Executable.Start(
            "node", "--role", "cache-store", "--seed", $"{self.Host}:{self.Port}", "--cluster-port", "0",
            "--management-port", "none", "--cmd-port", "none", "--config", config, "--log-level", "Warning");
        _processes.Add(process);
        await Deadline.UntilAsync(() => process.HasExited || Banner().IsMatch(process.Output), $"store {name} has joined");
        Assert.False(process.HasExited, process.Error);
        return new StoreProcess(process, data, Banner().Match(process.Output).Groups[1].Value);
    }

    /// <summary>A store's own account of itself; null while it is not known, or does not answer for a moment.</summary>
    public async Task<CacheStoreProtocol.StoreStatus?> StatusAsync(StoreProcess store) =>
        (await _impatient.StoresAsync()).SingleOrDefault(each => each.Store.Id.Value == store.Store).Status;

    /// <summary>Ends a store's process as <c>kill -9</c> does, and has the cluster let it go.</summary>
    public async Task KillAsync(StoreProcess store)
    {
        await store.Process.DisposeAsync();
        ClusterNode.RemoveDead(System, store.Address);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes) await process.DisposeAsync();
        await _host.StopAsync().WaitAsync(Patience);
        await Client.DisposeAsync();
        await _exchange.DisposeAsync();
        _host.Dispose();
    }

    [GeneratedRegex(@"cache-store at (\S+)\.\n")]
    private static partial Regex Banner();
}

/// <summary>One of its stores.</summary>
/// <param name="Folder">What it keeps its pages in.</param>
/// <param name="Address">In the cluster, <c>host:port</c>.</param>
public sealed record StoreProcess(ChildProcess Process, string Folder, string Address)
{
    /// <summary>Name of its store.</summary>
    public string Store => File.ReadAllText(Path.Combine(Folder, "store-id"));
}
