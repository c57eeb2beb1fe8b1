using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;

namespace ActorInference.Bench.Actors;

/// <summary>Nodes of this process, over loopback TCP: how soon sharding answers, and questions to entities on another node.</summary>
internal static class ShardingBenchmark
{
    private const string TypeName = "echo";
    private const int Entities = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly IMessageExtractor Extractor = HashCodeMessageExtractor.Create(100, message => (string)message);

    public static async Task<IReadOnlyList<Measurement>> Run() => [await FirstAsk(rounds: 5), .. await Asking()];

    /// <summary>From the start of the regions of three nodes that are up to the first answer.</summary>
    private static async Task<Measurement> FirstAsk(int rounds)
    {
        List<double> times = [];
        for (var round = -1; round < rounds; round++)
        {
            var nodes = Enumerable.Range(0, 3).Select(_ => Start("[host]")).ToArray();
            await FormAsync(nodes);
            var started = Stopwatch.GetTimestamp();
            foreach (var node in nodes) StartRegion(node);
            await ClusterSharding.Get(nodes[2]).ShardRegion(TypeName).Ask<string>("first", Patience);
            if (round >= 0) times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);   // In the first of all, code was loaded.
            await Task.WhenAll(nodes.Select(EndAsync));
        }

        times.Sort();
        return new Measurement("sharded_first_ask", Math.Round(times[times.Count / 2]), Math.Round(times[0]), "ms");
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

    private static IActorRef StartRegion(ActorSystem node) => ClusterSharding.Get(node).Start(
        TypeName, _ => Props.Create(() => new Echo()), ClusterShardingSettings.Create(node).WithRole("host"), Extractor);

    /// <summary>Without taking leave of the others.</summary>
    private static async Task EndAsync(ActorSystem node)
    {
        ((ExtendedActorSystem)node).Abort();
        await node.WhenTerminated.WaitAsync(Patience);
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
