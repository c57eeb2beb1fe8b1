using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;

namespace ActorInference.Sharding.Tests;

/// <summary>A node in this process that hosts the entities of one type.</summary>
public sealed class ShardingNode : IAsyncDisposable
{
    public const string TypeName = "echo";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int _count;

    private readonly EntityTable _table;

    public ShardingNode(EntityTable table, string hocon = "", IShardAllocationStrategy? strategy = null, bool isProxy = false)
    {
        _table = table;
        Number = Interlocked.Increment(ref _count);
        System = ActorSystem.Create("sharded", ConfigurationFactory.ParseString(hocon).WithFallback(Defaults));
        Cluster = Cluster.Get(System);
        var (number, sharding) = (Number, ClusterSharding.Get(System));
        var settings = ClusterShardingSettings.Create(System);
        Region = isProxy
            ? sharding.StartProxy(TypeName, settings.Role, EchoEntity.Extractor)
            : sharding.Start(
                TypeName,
                id => EchoEntity.Props(id, number, table),
                settings,
                EchoEntity.Extractor,
                strategy ?? sharding.DefaultShardAllocationStrategy(settings),
                PoisonPill.Instance);
    }

    /// <summary>Tells this node from all others, those before it at the same address too.</summary>
    public int Number { get; }

    public ActorSystem System { get; }

    public Cluster Cluster { get; }

    public IActorRef Region { get; }

    public Address Address => Cluster.SelfAddress;

    /// <summary>Nodes that are one after another up, the first of them the oldest.</summary>
    public static async Task<ShardingNode[]> FormAsync(int count, EntityTable table, string hocon = "", IShardAllocationStrategy? strategy = null)
    {
        var nodes = Enumerable.Range(0, count).Select(_ => new ShardingNode(table, hocon, strategy)).ToArray();
        foreach (var node in nodes) await node.JoinAsync(nodes[0]);
        await nodes[^1].UntilRegionsAsync(count);
        return nodes;
    }

    /// <summary>Done when so many nodes host shards.</summary>
    public Task UntilRegionsAsync(int count) => UntilAsync($"{count} regions are known", async () =>
        await AskOrNullAsync<CurrentRegions>(GetCurrentRegions.Instance) is { } answer && answer.Regions.Count == count);

    /// <summary>Asks the region; null if there is no answer in a second.</summary>
    public async Task<T?> AskOrNullAsync<T>(object question)
        where T : class
    {
        try
        {
            return await Region.Ask<T>(question, TimeSpan.FromSeconds(1));
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>Done when this node is up. The cluster's own call for this gives up after ten seconds, which a busy machine may need.</summary>
    public Task JoinAsync(ShardingNode other)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.RegisterOnMemberUp(() => up.TrySetResult());
        Cluster.Join(other.Address);
        return up.Task.WaitAsync(Patience);
    }

    /// <summary>Asks until there is an answer.</summary>
    /// <returns>The number of the node that the entity lives on.</returns>
    public async Task<int> AskAsync(string entity, string word = "hello")
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return EchoEntity.NodeOf(await Region.Ask<string>($"{entity}|{word}", TimeSpan.FromSeconds(2)));
            }
            catch (AskTimeoutException) when (watch.Elapsed < Patience)
            {
                // The message, or its answer, was lost on the way: the sender's to repeat.
            }
        }
    }

    /// <summary>Whether all shards of this node have answered, and none of them runs the entity.</summary>
    public async Task<bool> HasEndedAsync(string entity) =>
        await AskOrNullAsync<CurrentShardRegionState>(GetShardRegionState.Instance) is { Failed.Count: 0 } state && !state.Shards.Any(shard => shard.EntityIds.Contains(entity));

    /// <summary>As a process that is killed: nobody is told, and nothing ends in order.</summary>
    public async Task KillAsync()
    {
        _table.Bury(Number);
        ((ExtendedActorSystem)System).Abort();
        await System.WhenTerminated.WaitAsync(Patience);
    }

    /// <summary>Ends in order: shards are handed off, the cluster is left.</summary>
    public async Task LeaveAsync()
    {
        await CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(Patience);
        await System.WhenTerminated.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    public static async Task StopAllAsync(params IEnumerable<ShardingNode> nodes)
    {
        foreach (var node in nodes.ToList()) await node.DisposeAsync();
    }

    /// <summary>Asks again and again, until it is so.</summary>
    /// <exception cref="TimeoutException">It is not so in time.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
        {
            if (watch.Elapsed > Patience) throw new TimeoutException($"It has not come to be that {what}.");
            await timer.WaitForNextTickAsync();
        }
    }

    private static Config Defaults => ConfigurationFactory.ParseString("""
        akka {
          actor.provider = cluster
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = []
          log-dead-letters = off
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            default-phase-timeout = 30s   # A node that leaves hands off, however busy the machine is.
            phases {
              cluster-sharding-shutdown-region.timeout = 30s
              cluster-exiting.timeout = 30s
            }
          }
          remote {
            retry-gate-closed-for = 500ms
            log-remote-lifecycle-events = off
            dot-netty.tcp {
              hostname = "127.0.0.1"
              port = 0
            }
          }
          cluster {
            log-info = off
            failure-detector.heartbeat-interval = 500ms
            split-brain-resolver {
              stable-after = 3s
              down-all-when-unstable = off   # A busy machine may find out about lost nodes one after another.
            }
            sharding {
              state-store-mode = ddata
              distributed-data.durable.keys = []
              retry-interval = 500ms
              shard-region-query-timeout = 20s
              rebalance-interval = 1s
              handoff-timeout = 20s
            }
          }
        }
        """);
}
