using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;

namespace ActorInference.Bench.Actors;

/// <summary>Three nodes in this process, at the default settings.</summary>
internal static class ClusterBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How long until all three see all three up after they were told to join, and how long until one that leaves is gone.</summary>
    public static async Task<Measurement[]> Run(int rounds)
    {
        var (form, leave) = (new List<double>(), new List<double>());
        for (var round = -1; round < rounds; round++)
        {
            var nodes = Enumerable.Range(0, 3).Select(_ => Start()).ToArray();
            var formMs = await FormAsync(nodes);
            var leaveMs = await LeaveAsync(nodes);
            foreach (var node in nodes) await node.Terminate().WaitAsync(Patience);
            if (round < 0) continue;   // The first warms up.
            form.Add(formMs);
            leave.Add(leaveMs);
        }

        return [Of("cluster_three_up", form), Of("cluster_leave", leave)];
    }

    private static Measurement Of(string name, List<double> timesMs)
    {
        timesMs.Sort();
        return new Measurement(name, Math.Round(timesMs[timesMs.Count / 2]), Math.Round(timesMs[0]), "ms");
    }

    private static ActorSystem Start() => ActorSystem.Create("bench", ConfigurationFactory.ParseString("""
        akka.loglevel = WARNING
        akka.actor.provider = cluster
        akka.cluster.log-info = off
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        akka.remote.dot-netty.tcp {
          hostname = "127.0.0.1"
          port = 0
        }
        """));

    private static async Task<double> FormAsync(ActorSystem[] nodes)
    {
        var seed = Cluster.Get(nodes[0]).SelfAddress;
        var started = Stopwatch.GetTimestamp();
        var up = nodes.Select(node => Await(node, members => members == nodes.Length, typeof(ClusterEvent.MemberUp))).ToArray();
        foreach (var node in nodes) Cluster.Get(node).Join(seed);
        await Task.WhenAll(up).WaitAsync(Patience);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static async Task<double> LeaveAsync(ActorSystem[] nodes)
    {
        var started = Stopwatch.GetTimestamp();
        var gone = nodes[..2].Select(node => Await(node, removed => removed == 1, typeof(ClusterEvent.MemberRemoved))).ToArray();
        await Cluster.Get(nodes[2]).LeaveAsync().WaitAsync(Patience);
        await Task.WhenAll(gone).WaitAsync(Patience);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static Task Await(ActorSystem node, Func<int, bool> isEnough, Type events)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var counter = node.ActorOf(Props.Create(() => new EventCounter(isEnough, done)));
        Cluster.Get(node).Subscribe(counter, ClusterEvent.InitialStateAsEvents, events);
        return done.Task;
    }

    private sealed class EventCounter : ReceiveActor
    {
        private int _count;

        public EventCounter(Func<int, bool> isEnough, TaskCompletionSource done) => Receive<ClusterEvent.IMemberEvent>(_ =>
        {
            if (isEnough(++_count)) done.TrySetResult();
        });
    }
}
