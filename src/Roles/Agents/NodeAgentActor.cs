using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Agents;

/// <summary>
/// The agent of a host: an actor a process of it, which it tells apart by name. When it begins, it takes over the processes
/// that an earlier one left. It tells the owner of each instance how that is, on every change and every few seconds, so that
/// a lost message costs time only.
/// </summary>
public sealed class NodeAgentActor : ReceiveActor, IWithTimers
{
    /// <summary>Its name under the user guardian.</summary>
    public const string Name = "node-agent";

    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(2);

    private readonly AgentOptions _options;
    private readonly IActorRef _owners;
    private readonly PortLeases _ports;
    private readonly CpuLeases _cpus;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, IActorRef> _processes = [];
    private readonly Dictionary<string, AgentProtocol.InstanceReport> _reports = [];
    private readonly Dictionary<string, Published> _published = [];
    private readonly Dictionary<string, InstanceLaunch> _waiting = [];
    private readonly Dictionary<string, IActorRef> _warming = [];   // Who asked last.

    /// <param name="options">Of the host.</param>
    /// <param name="owners">Takes reports for the role instances.</param>
    public NodeAgentActor(AgentOptions options, IActorRef owners)
    {
        (_options, _owners) = (options, owners);
        _ports = new PortLeases(IPAddress.Parse(options.Address), options.FirstPort, options.Ports, options.PortOffset);
        _cpus = new CpuLeases(options.Topology);
        Receive<AgentProtocol.Run>(run => Run(run.Launch));
        Receive<AgentProtocol.Publish>(Publish);
        Receive<AgentProtocol.RunHook>(RunHook);
        Receive<AgentProtocol.Remove>(Remove);
        Receive<AgentProtocol.Exec>(exec => ForwardOrRefuse(exec));
        Receive<AgentProtocol.ReadLog>(ReadLog);
        Receive<AgentProtocol.InstanceReport>(TakeReport);
        Receive<AgentProtocol.InstanceRemoved>(Forget);
        Receive<AgentProtocol.GetInstances>(_ => Sender.Tell(new AgentProtocol.Instances(_options.Node, [.. _reports.Values.OrderBy(report => report.Instance, StringComparer.Ordinal)])));
        Receive<AgentProtocol.GetTopology>(_ => Sender.Tell(Describe()));
        Receive<AgentProtocol.Warm>(Warm);
        Receive<AgentProtocol.Warmed>(warmed =>
        {
            if (_warming.Remove(warmed.Warmup, out var asker)) asker.Tell(warmed);
        });
        Receive<ProcessActorLost>(BeginAgainSoon);
        Receive<BeginAgain>(again => BeginAgainFromFolder(again.Instance));
        Receive<ReportAll>(_ => _reports.Values.ToList().ForEach(report => _owners.Tell(report)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(AgentOptions options, IActorRef owners) => Akka.Actor.Props.Create(() => new NodeAgentActor(options, owners));

    /// <summary>An instance's actor that fails begins again from its folder, after a pause; its process has not noticed.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        Directory.CreateDirectory(_options.InstancesFolder);
        foreach (var folder in Directory.EnumerateDirectories(_options.InstancesFolder).Order(StringComparer.Ordinal))
        {
            if (new InstanceFolder(folder).ReadRecord() is not { } record) continue;
            _ports.Restore(record.Launch.Instance, record.Ports);
            _cpus.Restore(record.Launch.Instance, record.CpuSet);
            Restore(record);
            Begin(record);
        }

        Timers.StartPeriodicTimer(nameof(ReportAll), ReportAll.Instance, _options.ReportInterval);
    }

    /// <summary>What an earlier agent was told of a group lies beside each of its instances.</summary>
    private void Restore(InstanceRecord record)
    {
        var file = _options.FolderOf(record.Launch.Instance).Topology;
        if (File.Exists(file)) _published[record.Launch.Group] = new Published([.. record.Overlay], File.ReadAllText(file));
    }

    private void Run(InstanceLaunch launch)
    {
        if (launch.Group.Length > 0 && !_published.ContainsKey(launch.Group))
        {
            _waiting[launch.Instance] = launch;
            return;
        }

        var published = _published.GetValueOrDefault(launch.Group, Published.Nothing);
        ImmutableArray<PortLease> ports, podPorts;
        string cpus;
        try
        {
            cpus = _cpus.Take(launch.Instance, launch.Resources);
            ports = _ports.Take(launch.Instance, launch.Ports);
            podPorts = launch.PodPorts.IsEmpty ? [] : _ports.Take(launch.Pod, launch.PodPorts);   // The same, whichever of the pod comes first.
        }
        catch (IOException none)
        {
            _log.Error("{0} cannot be run: {1}", launch.Instance, none.Message);
            _owners.Tell(Impossible(launch, none.Message));
            return;
        }

        if (_processes.TryGetValue(launch.Instance, out var process))
        {
            process.Tell(new Leased(launch, ports, podPorts, cpus, published.Overlay, published.Topology));
            return;
        }

        _options.FolderOf(launch.Instance).WriteTopology(published.Topology);
        Begin(new InstanceRecord(launch, ports, "", DateTimeOffset.UtcNow, Restarts: 0, Failures: 0, LastEnd: null, published.Overlay) { CpuSet = cpus, PodPorts = podPorts });
    }

    private void Publish(AgentProtocol.Publish publish)
    {
        var published = new Published(publish.Overlay, publish.Topology);
        if (_published.TryGetValue(publish.Group, out var present) && present.Topology == published.Topology && present.Overlay.SequenceEqual(published.Overlay)) return;
        _published[publish.Group] = published;
        foreach (var (instance, process) in _processes)
        {
            if (_reports.TryGetValue(instance, out var report) && report.Owner.StartsWith(publish.Group + "/", StringComparison.Ordinal)) process.Tell(published);
        }

        foreach (var launch in _waiting.Values.Where(launch => launch.Group == publish.Group).ToList())
        {
            _waiting.Remove(launch.Instance);
            Run(launch);
        }
    }

    private void RunHook(AgentProtocol.RunHook hook)
    {
        if (_processes.ContainsKey(hook.Instance)) Forward(hook);
        else Sender.Tell(new AgentProtocol.HookDone(hook.Instance, ProbeResult.Failure($"{_options.Node} has no such instance")));
    }

    private void Warm(AgentProtocol.Warm warm)
    {
        var isRunning = _warming.ContainsKey(warm.Warmup);
        _warming[warm.Warmup] = Sender;
        if (!isRunning) Task.Run(() => WarmupRun.RunAsync(_options, warm)).PipeTo(Self, failure: cause => new AgentProtocol.Warmed(warm.Warmup, _options.Node, IsSuccess: false, cause.GetBaseException().Message));
    }

    private void Begin(InstanceRecord record)
    {
        var name = record.Launch.Instance;
        var process = Context.ActorOf(InstanceProcessActor.Props(_options, record));
        _processes[name] = Context.WatchWith(process, new ProcessActorLost(name, process));
    }

    /// <summary>Not one that was taken away: another of its name may be here by now.</summary>
    private void BeginAgainSoon(ProcessActorLost lost)
    {
        if (_processes.TryGetValue(lost.Instance, out var present) && present.Equals(lost.Process)) Timers.StartSingleTimer(lost.Instance, new BeginAgain(lost.Instance), FailurePause);
    }

    private void BeginAgainFromFolder(string instance)
    {
        if (!_processes.ContainsKey(instance) || _options.FolderOf(instance).ReadRecord() is not { } record) return;
        _log.Warning("The actor of {0} has ended and is begun again.", instance);
        Begin(record);
    }

    private void Remove(AgentProtocol.Remove remove)
    {
        _waiting.Remove(remove.Instance);
        if (_processes.TryGetValue(remove.Instance, out var process)) process.Tell(remove);
        else _owners.Tell(new AgentProtocol.InstanceRemoved(remove.Owner, remove.Instance, _options.Node));
    }

    private void Forget(AgentProtocol.InstanceRemoved removed)
    {
        _processes.Remove(removed.Instance);
        _reports.Remove(removed.Instance);
        _ports.Release(removed.Instance);
        _cpus.Release(removed.Instance);
        _owners.Tell(removed);
    }

    private void Forward(AgentProtocol.IForInstance message)
    {
        if (_processes.TryGetValue(message.Instance, out var process)) process.Forward(message);
    }

    private void ForwardOrRefuse(AgentProtocol.IForInstance message)
    {
        if (_processes.ContainsKey(message.Instance)) Forward(message);
        else Sender.Tell(Unknown(message.Instance));
    }

    private void ReadLog(AgentProtocol.ReadLog request)
    {
        if (!_processes.ContainsKey(request.Instance))
        {
            Sender.Tell(Unknown(request.Instance));
            return;
        }

        var part = LogFiles.Read(_options.FolderOf(request.Instance).Log, request.Offset, request.Lines);
        Sender.Tell(new AgentProtocol.Log(request.Instance, part.Text, part.NextOffset));
    }

    private void TakeReport(AgentProtocol.InstanceReport report)
    {
        _reports[report.Instance] = report;
        _owners.Tell(report);
    }

    private AgentProtocol.Refused Unknown(string instance) => new($"instance is '{instance}'; expected one of those on {_options.Node}: {string.Join(", ", _processes.Keys.Order(StringComparer.Ordinal))}.");

    private AgentProtocol.InstanceReport Impossible(InstanceLaunch launch, string message) => new(
        launch.Owner, launch.Instance, _options.Node, AgentPhase.Waiting, IsReady: false, "", launch.Revision, 0, [], 0, DateTimeOffset.UtcNow, message, null);

    private AgentProtocol.Node Describe() => new(_options.Node, _options.Address, AgentAddress(), _options.Topology);

    private static string AgentAddress() => ((ExtendedActorSystem)Context.System).Provider.DefaultAddress.ToString();

    /// <summary>A launch with its ports and cores.</summary>
    internal sealed record Leased(InstanceLaunch Launch, ImmutableArray<PortLease> Ports, ImmutableArray<PortLease> PodPorts, string Cpus, ImmutableArray<Variable> Overlay, string Topology);

    /// <summary>What all instances of a group are told.</summary>
    internal sealed record Published(ImmutableArray<Variable> Overlay, string Topology)
    {
        public static readonly Published Nothing = new([], "group: {}\n");
    }

    private sealed record ProcessActorLost(string Instance, IActorRef Process);

    private sealed record BeginAgain(string Instance);

    private sealed record ReportAll
    {
        public static readonly ReportAll Instance = new();
    }
}
