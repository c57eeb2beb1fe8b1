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
    private readonly DeviceLeases _devices;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, IActorRef> _processes = [];
    private readonly Dictionary<string, AgentProtocol.InstanceReport> _reports = [];
    private readonly Dictionary<string, Published> _published = [];
    private readonly Dictionary<string, InstanceLaunch> _waiting = [];
    private readonly Dictionary<string, IActorRef> _warming = [];   // Who asked last.
    private readonly Dictionary<string, AgentProtocol.InstanceReport> _refused = [];

    /// <param name="options">Of the host.</param>
    /// <param name="owners">Takes reports for the role instances.</param>
    public NodeAgentActor(AgentOptions options, IActorRef owners)
    {
        (_options, _owners) = (options, owners);
        _ports = new PortLeases(IPAddress.Parse(options.Address), options.FirstPort, options.Ports, options.PortOffset);
        _cpus = new CpuLeases(options.Topology);
        _devices = new DeviceLeases(options.Node, options.Topology);
        Receive<AgentProtocol.Run>(run => Run(run.Launch));
        Receive<AgentProtocol.Publish>(Publish);
        Receive<AgentProtocol.RunHook>(RunHook);
        Receive<AgentProtocol.Remove>(Remove);
        Receive<AgentProtocol.Exec>(exec => ForwardOrRefuse(exec));
        Receive<AgentProtocol.ReadLog>(ReadLog);
        Receive<AgentProtocol.InstanceReport>(TakeReport);
        Receive<AgentProtocol.InstanceRemoved>(Forget);
        Receive<AgentProtocol.GetInstances>(_ => Sender.Tell(new AgentProtocol.Instances(_options.Node, [.. Reports().OrderBy(report => report.Instance, StringComparer.Ordinal)])));
        Receive<GetShares>(_ => Sender.Tell(new Shares(_devices.Shares())));
        Receive<AgentProtocol.GetTopology>(_ => Sender.Tell(Describe()));
        Receive<AgentProtocol.Warm>(Warm);
        Receive<AgentProtocol.Warmed>(warmed =>
        {
            if (_warming.Remove(warmed.Warmup, out var asker)) asker.Tell(warmed);
        });
        Receive<ProcessActorLost>(BeginAgainSoon);
        Receive<BeginAgain>(again => BeginAgainFromFolder(again.Instance));
        Receive<ReportAll>(_ => Reports().ForEach(report => _owners.Tell(report)));
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
            _devices.Restore(record.Launch, record.RunningRevision, record.Gpus);
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

        if (Lease(launch) is not { } leased) return;
        if (_processes.TryGetValue(launch.Instance, out var process))
        {
            process.Tell(leased);
            return;
        }

        _options.FolderOf(launch.Instance).WriteTopology(leased.Topology);
        Begin(new InstanceRecord(launch, leased.Ports, "", DateTimeOffset.UtcNow, Restarts: 0, Failures: 0, LastEnd: null, leased.Overlay) { CpuSet = leased.Cpus, PodPorts = leased.PodPorts, Gpus = leased.Gpus });
    }

    /// <returns>Null if it cannot be run, which its owner is told.</returns>
    private Leased? Lease(InstanceLaunch launch)
    {
        if (_devices.Conflict(launch) is var (conflict, message))
        {
            Refuse(launch, message, conflict);
            return null;
        }

        try
        {
            var cpus = _cpus.Take(launch.Instance, launch.Resources);
            var ports = _ports.Take(launch.Instance, launch.Ports);
            ImmutableArray<PortLease> podPorts = launch.PodPorts.IsEmpty ? [] : _ports.Take(launch.Pod, launch.PodPorts);   // The same, whichever of the pod comes first.
            var published = _published.GetValueOrDefault(launch.Group, Published.Nothing);
            _refused.Remove(launch.Instance);
            return new Leased(launch, ports, podPorts, cpus, _devices.Take(launch), published.Overlay, published.Topology);
        }
        catch (IOException none)
        {
            Refuse(launch, none.Message, conflict: null);
            return null;
        }
    }

    /// <summary>It is tried again when its owner tells it again. What runs of it goes on as it is.</summary>
    private void Refuse(InstanceLaunch launch, string message, DeviceConflict? conflict)
    {
        if (_refused.GetValueOrDefault(launch.Instance)?.Message != message) _log.Error("{0} cannot be run: {1}", launch.Instance, message);
        if (!_processes.ContainsKey(launch.Instance)) Release(launch.Instance);
        _refused[launch.Instance] = new AgentProtocol.InstanceReport(
            launch.Owner, launch.Instance, _options.Node, AgentPhase.Waiting, IsReady: false, "", "", 0, [], 0, DateTimeOffset.UtcNow, message, null) { Conflict = conflict };
        _owners.Tell(Said(_reports.GetValueOrDefault(launch.Instance, _refused[launch.Instance])));
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
        _refused.Remove(remove.Instance);
        if (_processes.TryGetValue(remove.Instance, out var process)) process.Tell(remove);
        else _owners.Tell(new AgentProtocol.InstanceRemoved(remove.Owner, remove.Instance, _options.Node));
    }

    private void Release(string instance)
    {
        _ports.Release(instance);
        _cpus.Release(instance);
        _devices.Release(instance);
    }

    private void Forget(AgentProtocol.InstanceRemoved removed)
    {
        _processes.Remove(removed.Instance);
        _reports.Remove(removed.Instance);
        Release(removed.Instance);
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
        _devices.Settle(report.Instance, report.Revision);
        _owners.Tell(Said(report));
    }

    private List<AgentProtocol.InstanceReport> Reports() => [.. _reports.Values.Select(Said), .. _refused.Values.Where(refused => !_reports.ContainsKey(refused.Instance))];

    /// <summary>How an instance is, and why it does not become what it was last told to be.</summary>
    private AgentProtocol.InstanceReport Said(AgentProtocol.InstanceReport report) =>
        _refused.TryGetValue(report.Instance, out var refused) ? report with { Message = refused.Message, Conflict = refused.Conflict } : report;

    private AgentProtocol.Refused Unknown(string instance) => new($"instance is '{instance}'; expected one of those on {_options.Node}: {string.Join(", ", _processes.Keys.Order(StringComparer.Ordinal))}.");

    private AgentProtocol.Node Describe() => new(_options.Node, _options.Address, AgentAddress(), _options.Topology);

    private static string AgentAddress() => ((ExtendedActorSystem)Context.System).Provider.DefaultAddress.ToString();

    /// <summary>Asks what each group has of the host.</summary>
    internal sealed record GetShares
    {
        public static readonly GetShares Instance = new();
    }

    internal sealed record Shares(ImmutableArray<HostShare> All);

    /// <summary>A launch with its ports, cores and GPUs.</summary>
    internal sealed record Leased(
        InstanceLaunch Launch, ImmutableArray<PortLease> Ports, ImmutableArray<PortLease> PodPorts, string Cpus, ImmutableArray<int> Gpus, ImmutableArray<Variable> Overlay, string Topology);

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
