using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>A node in this process, on a loopback port of its own, with a log of the cluster's events as it sees them.</summary>
public sealed class ClusterNode : IAsyncDisposable
{
    public const string SystemName = "nodes";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private ClusterNode(ActorSystem system)
    {
        System = system;
        Cluster = Cluster.Get(system);
        Events = new ClusterLog(Cluster.SelfAddress.ToString());
        var log = Events;
        var watcher = system.ActorOf(Props.Create(() => new ClusterLogActor(log)), "cluster-log");
        Cluster.Subscribe(watcher, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
    }

    public ActorSystem System { get; }

    public Cluster Cluster { get; }

    public ClusterLog Events { get; }

    public Address Address => Cluster.SelfAddress;

    public static ClusterNode Start(string hocon = "", string name = SystemName) =>
        new(ActorSystem.Create(name, ConfigurationFactory.ParseString(hocon).WithFallback(Defaults)));

    /// <summary>As many nodes, all of them up, and known as up to all.</summary>
    public static async Task<ClusterNode[]> FormAsync(int count, string hocon = "")
    {
        var nodes = Enumerable.Range(0, count).Select(_ => Start(hocon)).ToArray();
        try
        {
            await JoinAllAsync(nodes);
            return nodes;
        }
        catch
        {
            await StopAllAsync(nodes);
            throw;
        }
    }

    public static async Task JoinAllAsync(params ClusterNode[] nodes)
    {
        foreach (var node in nodes) node.Cluster.Join(nodes[0].Address);
        await AllUpAsync(nodes);
        foreach (var node in nodes) await node.KnowsItselfUpAsync();
    }

    public static Task AllUpAsync(params ClusterNode[] nodes) => Task.WhenAll(nodes.Select(node => node.Events.Until(
        $"{nodes.Length} members up", log => nodes.All(other => log.StatusOf(other.Address) == MemberStatus.Up))));

    /// <summary>A node's own view may come a moment after the events that its log has of itself.</summary>
    private async Task KnowsItselfUpAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!Cluster.IsUp || Cluster.State.Leader is null) await timer.WaitForNextTickAsync(patience.Token);
    }

    /// <summary>Ends them without any order: they shall not spend time on taking leave of one another.</summary>
    public static async Task StopAllAsync(params IEnumerable<ClusterNode> nodes)
    {
        foreach (var node in nodes.ToList()) await node.DisposeAsync();
    }

    /// <summary>As a process that is killed: the others are not told.</summary>
    public async ValueTask DisposeAsync()
    {
        ((ExtendedActorSystem)System).Abort();
        await System.WhenTerminated.WaitAsync(Patience);
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
            default-phase-timeout = 40s   # A busy machine takes its time to agree on who leaves.
            phases.cluster-exiting.timeout = 40s
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
          }
        }
        """);
}
