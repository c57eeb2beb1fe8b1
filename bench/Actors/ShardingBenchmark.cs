using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;

namespace ActorInference.Bench.Actors;

/// <summary>Nodes of this process, over loopback TCP: how soon they are a cluster, and questions to entities on another node.</summary>
internal static class ShardingBenchmark
{
    private const string TypeName = "echo";
    private const int Entities = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly IMessageExtractor Extractor = HashCodeMessageExtractor.Create(100, message => (string)message);

    public static async Task<IReadOnlyList<Measurement>> Run()
    {
        var results = new List<Measurement>();
        results.AddRange(await Forming(rounds: 5));
        results.AddRange(await Asking());
        return results;
    }

    /// <summary>Three nodes join and are up; regions start and answer; one leaves.</summary>
    private static async Task<IReadOnlyList<Measurement>> Forming(int rounds)
    {
        List<double> up = [], first = [], leave = [];
        for (var round = -1; round < rounds; round++)
        {
            var nodes = Enumerable.Range(0, 3).Select(_ => Start("[host]")).ToArray();
            var times = (Up: await Time(() => FormAsync(nodes)), First: await Time(() => FirstAskAsync(nodes)), Leave: await Time(() => LeaveAsync(nodes[2])));
            await Task.WhenAll(nodes.Select(EndAsync));
            if (round < 0) continue;   // All code has been loaded then.
            up.Add(times.Up);
            first.Add(times.First);
            leave.Add(times.Leave);
        }

        return [Median("cluster_three_nodes_up", up), Median("sharded_first_ask", first), Median("cluster_graceful_leave", leave)];
    }

    private static async Task<IReadOnlyList<Measurement>> Asking()
    {
        var host = Start("[host]");
        var asker = Start("[]");
        await FormAsync(host, asker);
        StartRegion(host);
        var region = ClusterSharding.Get(asker).StartProxy(TypeName, "host", Extractor);
        var ids = Enumerable.Range(0, Entities).Select(i => $"entity-{i}").ToArray();
        foreach (var id in ids) await region.Ask<string>(id, Patience);
        Measurement[] results =
        [
            await Ask(region, ids, "sharded_ask_sequential", inFlight: 1, asks: 10_000, rounds: 7),
            await Ask(region, ids, "sharded_ask_64", inFlight: 64, asks: 100_000, rounds: 7),
        ];
        await Task.WhenAll(EndAsync(asker), EndAsync(host));
        return results;
    }

    private static Task<Measurement> Ask(IActorRef region, string[] ids, string name, int inFlight, int asks, int rounds) =>
        Measurement.Rate(name, "asks/s", asks, rounds, () => Task.WhenAll(Enumerable.Range(0, inFlight).Select(async lane =>
        {
            for (var i = 0; i < asks / inFlight; i++) await region.Ask<string>(ids[(lane + i * inFlight) % Entities], Patience);
        })));

    private static async Task FormAsync(params ActorSystem[] nodes)
    {
        var first = Cluster.Get(nodes[0]).SelfAddress;
        var watchers = nodes.Select(node =>
        {
            var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var count = nodes.Length;
            var watcher = node.ActorOf(Props.Create(() => new UpWatcher(count, all)));
            Cluster.Get(node).Subscribe(watcher, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.MemberUp));
            return all.Task;
        }).ToArray();
        foreach (var node in nodes) Cluster.Get(node).Join(first);
        await Task.WhenAll(watchers).WaitAsync(Patience);
    }

    private static async Task FirstAskAsync(ActorSystem[] nodes)
    {
        foreach (var node in nodes) StartRegion(node);
        await ClusterSharding.Get(nodes[2]).ShardRegion(TypeName).Ask<string>("first", Patience);
    }

    private static async Task LeaveAsync(ActorSystem node) => await Cluster.Get(node).LeaveAsync().WaitAsync(Patience);

    private static IActorRef StartRegion(ActorSystem node) => ClusterSharding.Get(node).Start(
        TypeName, _ => Props.Create(() => new Echo()), ClusterShardingSettings.Create(node).WithRole("host"), Extractor);

    /// <summary>Without taking leave of the others.</summary>
    private static async Task EndAsync(ActorSystem node)
    {
        ((ExtendedActorSystem)node).Abort();
        await node.WhenTerminated.WaitAsync(Patience);
    }

    private static async Task<double> Time(Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static Measurement Median(string name, List<double> times)
    {
        times.Sort();
        return new Measurement(name, Math.Round(times[times.Count / 2]), Math.Round(times[0]), "ms");
    }

    private static ActorSystem Start(string roles) => ActorSystem.Create("sharded", ConfigurationFactory.ParseString(
        $$"""
        akka.loglevel = ERROR
        akka.stdout-loglevel = OFF
        akka.log-dead-letters = off
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp {
          hostname = "127.0.0.1"
          port = 0
        }
        akka.cluster {
          roles = {{roles}}
          sharding {
            state-store-mode = ddata
            distributed-data.durable.keys = []
          }
        }
        """));

    private sealed class UpWatcher(int count, TaskCompletionSource all) : UntypedActor
    {
        private int _up;

        protected override void OnReceive(object message)
        {
            if (message is ClusterEvent.MemberUp && ++_up == count) all.TrySetResult();
        }
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}
