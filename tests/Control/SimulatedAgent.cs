using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using Akka.Actor;

namespace ActorInference.Control.Tests;

/// <summary>What all simulated agents of a test know of their processes; outlives the actor systems, as hosts outlive agents.</summary>
public sealed class SimulatedHosts
{
    private readonly Dictionary<(string Node, string Instance), AgentProtocol.InstanceReport> _instances = [];
    private readonly List<(string Instance, string Revision)> _starts = [];
    private readonly Dictionary<(string Node, string Instance), InstanceLaunch> _records = [];
    private readonly Dictionary<(string Node, string Instance), AgentProtocol.InstanceReport> _refused = [];
    private readonly Dictionary<string, DeviceLeases> _devices = [];
    private int _ports = 40000;

    /// <summary>Of each host.</summary>
    public int Gpus { get; init; }

    /// <summary>What each host has.</summary>
    public HostTopology Topology => new(
        [new NumaNode(0, [0, 1], 1L << 34)], [.. Enumerable.Range(0, Gpus).Select(gpu => new HostGpu(gpu, "", "", 0, "", []))], [], ImmutableSortedDictionary<string, string>.Empty);

    /// <summary>Whether agents tell what groups have of their hosts; those of an older version do not.</summary>
    public bool SharesAreTold { get; set; } = true;

    /// <summary>Groups whose launches are the first that a host hears of; those of others are lost on the way until then.</summary>
    public ConcurrentDictionary<string, string> First { get; } = [];

    /// <summary>GPUs that were given to a second instance.</summary>
    public ConcurrentQueue<string> Doubled { get; } = [];

    /// <summary>Revisions whose processes never become ready.</summary>
    public HashSet<string> Broken { get; } = [];

    /// <summary>Says of a launch whether its processes ever become ready.</summary>
    public Func<InstanceLaunch, bool> IsWell { get; set; } = _ => true;

    /// <summary>Says of an instance whether its host does not get rid of it.</summary>
    public Func<string, bool> IsStuck { get; set; } = _ => false;

    /// <summary>What a host answers to a warm-up.</summary>
    public Func<string, AgentProtocol.Warm, AgentProtocol.Warmed> WarmUp { get; set; } = (node, warm) => new AgentProtocol.Warmed(warm.Warmup, node, IsSuccess: true, "");

    public IReadOnlyList<(string Instance, string Revision)> Starts
    {
        get
        {
            lock (_instances) return [.. _starts];
        }
    }

    /// <summary>What agents were last told to run, for each instance.</summary>
    public IReadOnlyList<InstanceLaunch> Launches
    {
        get
        {
            lock (_instances) return [.. _records.Values];
        }
    }

    public IReadOnlyList<AgentProtocol.InstanceReport> Instances
    {
        get
        {
            lock (_instances) return [.. _instances.Values];
        }
    }

    /// <returns>Null if the host has not heard of it.</returns>
    public AgentProtocol.InstanceReport? Run(string node, InstanceLaunch launch)
    {
        lock (_instances)
        {
            if (First.TryGetValue(node, out var first) && launch.Group != first) return null;
            First.Remove(node, out _);
            var before = _instances.GetValueOrDefault((node, launch.Instance));
            if (before?.WantedRevision == launch.Revision) return before;
            if (DevicesOf(node).Conflict(launch) is var (conflict, message))
            {
                return _refused[(node, launch.Instance)] = new AgentProtocol.InstanceReport(
                    launch.Owner, launch.Instance, node, AgentPhase.Waiting, IsReady: false, "", "", 0, [], 0, DateTimeOffset.UtcNow, message, null) { Conflict = conflict };
            }

            _refused.Remove((node, launch.Instance));
            Take(node, launch);
            DevicesOf(node).Settle(launch.Instance, launch.Revision);
            _starts.Add((launch.Instance, launch.Revision));
            Asked.Enqueue($"run {launch.Instance}");
            var ports = before?.Ports ?? [.. launch.Ports.Select(port => new PortLease(port.Name, port.Preferred, ++_ports))];
            return _instances[(node, launch.Instance)] = new AgentProtocol.InstanceReport(
                launch.Owner, launch.Instance, node, AgentPhase.Running, IsWell(launch), launch.Revision, launch.Revision, before is null ? 0 : before.Restarts + 1,
                ports, 1, DateTimeOffset.UtcNow, IsWell(launch) ? "" : "Readiness probe failed", before?.LastEnd);
        }
    }

    /// <summary>What was asked of agents, in order: run, hook or remove, and the instance.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>What agents were last told of the topology.</summary>
    public ConcurrentDictionary<string, string> Topologies { get; } = [];

    /// <summary>A process ends unasked, and stays so until <see cref="Recover"/>, or until another revision is to run.</summary>
    public void Crash(string instance, int? exitCode = null, int? signal = null)
    {
        lock (_instances)
        {
            var (key, before) = Find(instance);
            var end = new Evidence(DateTimeOffset.UtcNow, exitCode, signal, EndReason.Error, "", $"last words of {instance}\n", before.Revision);
            _instances[key] = before with { Phase = AgentPhase.Waiting, IsReady = false, Revision = "", ProcessId = 0, Restarts = before.Restarts + 1, Message = end.ToString(), LastEnd = end };
        }
    }

    /// <summary>Its agent has begun a process again by itself.</summary>
    public void Recover(string instance)
    {
        lock (_instances)
        {
            var (key, before) = Find(instance);
            _instances[key] = before with { Phase = AgentPhase.Running, IsReady = true, Revision = before.WantedRevision, ProcessId = 2, Message = "" };
        }
    }

    /// <summary>Its agent has lost its folder: it begins it anew, with other ports, under a revision that it was not told of.</summary>
    public void Forget(string instance)
    {
        lock (_instances)
        {
            var (key, before) = Find(instance);
            _starts.Add((instance, "anew"));
            _instances[key] = before with { Ports = [.. before.Ports.Select(lease => lease with { Port = ++_ports })] };
        }
    }

    public void Remove(string node, string instance)
    {
        lock (_instances)
        {
            if (_instances.Remove((node, instance))) Asked.Enqueue($"remove {instance}");
            _refused.Remove((node, instance));
            if (_records.Remove((node, instance))) DevicesOf(node).Release(instance);
        }
    }

    /// <summary>An agent begins again, with what it wrote down.</summary>
    public void RestartAgent(string node)
    {
        lock (_instances)
        {
            _devices.Remove(node);
            foreach (var refused in _refused.Keys.Where(key => key.Node == node).ToList()) _refused.Remove(refused);
        }
    }

    public ImmutableArray<HostShare>? SharesOf(string node)
    {
        lock (_instances) return SharesAreTold ? DevicesOf(node).Shares() : null;
    }

    /// <summary>A host has an instance that no control node here knows of.</summary>
    public void Hold(string node, InstanceLaunch launch)
    {
        lock (_instances) Take(node, launch);
    }

    /// <summary>What an agent says of its host's instances, those included that it does not run.</summary>
    public IReadOnlyList<AgentProtocol.InstanceReport> ReportsOf(string node)
    {
        lock (_instances) return [.. _instances.Values.Concat(_refused.Values).Where(instance => instance.Node == node)];
    }

    private void Take(string node, InstanceLaunch launch)
    {
        foreach (var (key, other) in _records.Where(record => record.Key.Node == node && record.Value.Pod != launch.Pod))
        {
            foreach (var gpu in (other.Resources.Gpus ?? []).Intersect(launch.Resources.Gpus ?? [])) Doubled.Enqueue($"GPU {gpu} of {node}: {key.Instance} and {launch.Instance}");
        }

        _records[(node, launch.Instance)] = launch;
        DevicesOf(node).Take(launch);
    }

    private DeviceLeases DevicesOf(string node)
    {
        if (_devices.TryGetValue(node, out var devices)) return devices;
        devices = _devices[node] = new DeviceLeases(node, Topology);
        foreach (var (key, launch) in _records.Where(record => record.Key.Node == node)) devices.Restore(launch, launch.Revision, launch.Resources.Gpus);
        return devices;
    }

    public IReadOnlyList<AgentProtocol.InstanceReport> On(string node)
    {
        lock (_instances) return [.. _instances.Values.Where(instance => instance.Node == node)];
    }

    /// <summary>The only one of this name.</summary>
    private KeyValuePair<(string Node, string Instance), AgentProtocol.InstanceReport> Find(string instance) => _instances.Single(each => each.Key.Instance == instance);
}

/// <summary>An agent without processes.</summary>
public sealed class SimulatedAgent : ReceiveActor, IWithTimers
{
    public SimulatedAgent(string node, SimulatedHosts hosts, IActorRef owners, IActorRef fleet, TimeSpan interval)
    {
        Receive<AgentProtocol.Run>(run =>
        {
            if (hosts.Run(node, run.Launch) is { } report) owners.Tell(report);
        });
        Receive<AgentProtocol.Remove>(remove =>
        {
            if (hosts.IsStuck(remove.Instance)) return;
            hosts.Remove(node, remove.Instance);
            owners.Tell(new AgentProtocol.InstanceRemoved(remove.Owner, remove.Instance, node));
        });
        Receive<AgentProtocol.Publish>(publish => hosts.Topologies[publish.Group] = publish.Topology);
        Receive<AgentProtocol.RunHook>(hook =>
        {
            hosts.Asked.Enqueue($"{hook.Action.Command[0]} {hook.Instance}");
            Sender.Tell(new AgentProtocol.HookDone(hook.Instance, ProbeResult.Success));
        });
        Receive<AgentProtocol.Exec>(exec => Sender.Tell(new AgentProtocol.ExecEnded(exec.Instance, 3, $"{exec.Instance}: {string.Join(' ', exec.Command)}\n")));
        Receive<AgentProtocol.ReadLog>(read => Sender.Tell(new AgentProtocol.Log(read.Instance, read.Offset is null or 0 ? $"log of {read.Instance}\n" : "", 100)));
        Receive<AgentProtocol.Warm>(warm => Sender.Tell(hosts.WarmUp(node, warm)));
        Receive<string>(_ =>
        {
            var path = Self.Path.ToStringWithAddress(((ExtendedActorSystem)Context.System).Provider.DefaultAddress);
            fleet.Tell(new Roles.Groups.Control.FleetProtocol.AgentIsThere(node, "127.0.0.1", path, hosts.Topology, interval) { Taken = hosts.SharesOf(node) });
            foreach (var report in hosts.ReportsOf(node)) owners.Tell(report);
        });
        Interval = interval;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Interval { get; }

    public static Props Props(string node, SimulatedHosts hosts, IActorRef owners, IActorRef fleet, TimeSpan interval) =>
        Akka.Actor.Props.Create(() => new SimulatedAgent(node, hosts, owners, fleet, interval));

    protected override void PreStart()
    {
        Self.Tell("report");
        Timers.StartPeriodicTimer("report", "report", Interval);
    }
}
