using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Agents.Tests;

/// <summary>An agent in a folder of its own, and what it has reported. Its processes end with the test.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    public const string Image = "shell:1";

    /// <summary>Agents that run side by side have their own, below those that the system gives away to others.</summary>
    private const int PortsOfOne = 600;
    private const int PlacesForPorts = 25;
    private static int _agents = Environment.ProcessId;

    private readonly string _folder = Directory.CreateTempSubdirectory("agent-").FullName;
    private readonly Dictionary<string, AgentProtocol.InstanceReport> _reports = [];
    private readonly List<AgentProtocol.InstanceRemoved> _removed = [];
    private readonly List<string> _warnings = [];
    private FleetProtocol.AgentIsThere? _presence;
    private ActorSystem? _system;
    private IActorRef _agent = ActorRefs.Nobody;

    public TestAgent()
    {
        var bundle = Directory.CreateDirectory(Path.Combine(_folder, "bundle"));
        File.WriteAllText(Path.Combine(bundle.FullName, ImageStore.ManifestFile), """{"entrypoint": ["/bin/sh", "-c"]}""");
        Images = new ImageStore(Path.Combine(_folder, "images"));
        Images.Add(Image, bundle.FullName);
    }

    public ImageStore Images { get; }

    private int FirstOfPorts { get; } = 15000 + (PortsOfOne * (Interlocked.Increment(ref _agents) % PlacesForPorts));

    /// <summary>Of the host, to be set before it starts.</summary>
    public ImmutableArray<int> Cores { get; set; } = [0];

    /// <summary>Of the host; none of them is there in truth.</summary>
    public int Gpus { get; init; }

    /// <summary>Of its instances until they are ready.</summary>
    public int StartNice { get; init; } = StartingShare.DefaultNice;

    public AgentOptions Options => new()
    {
        Node = "here",
        Address = "127.0.0.1",
        Data = Path.Combine(_folder, "data"),
        Images = Images,
        Topology = new HostTopology([new NumaNode(0, Cores, 1 << 30)], [.. Enumerable.Range(0, Gpus).Select(gpu => new HostGpu(gpu, "", "", 0, "", []))], [], ImmutableSortedDictionary<string, string>.Empty),
        FirstPort = FirstOfPorts,
        Ports = PortsOfOne,
        ReportInterval = TimeSpan.FromMilliseconds(200),
        StartingShare = new StartingShare(StartNice),
    };

    /// <summary>A shell script as an instance.</summary>
    public static InstanceLaunch Script(string instance, string script, string revision = "r1") => new()
    {
        Instance = instance,
        Owner = $"owner-of-{instance}",
        Revision = revision,
        Image = Image,
        Args = [script],
        Restarts = new RestartDelays(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2)),
        Grace = TimeSpan.FromSeconds(20),
    };

    public void Start()
    {
        _system = ActorSystem.Create("agent", "akka.loglevel = WARNING, akka.stdout-loglevel = OFF, akka.loggers = [], akka.log-dead-letters = off");
        var owners = _system.ActorOf(Props.Create(() => new Owners(this)));
        _system.EventStream.Subscribe(owners, typeof(Warning));
        _agent = _system.ActorOf(NodeAgentActor.Props(Options, owners), NodeAgentActor.Name);
        _system.ActorOf(AgentBeacon.Props(Options, _agent, owners));
    }

    /// <summary>What it last told the fleet of its host; null if that is nothing yet.</summary>
    public FleetProtocol.AgentIsThere? Presence => Volatile.Read(ref _presence);

    /// <summary>Ends the agent as a crash does: no process of its hears of it.</summary>
    public async Task CrashAsync()
    {
        await _system!.Terminate().WaitAsync(Deadline.Limit);
        lock (_reports) _reports.Clear();
    }

    public void Run(InstanceLaunch launch) => _agent.Tell(new AgentProtocol.Run(launch));

    public void Tell(object message) => _agent.Tell(message);

    public Task<T> AskAsync<T>(object message) => _agent.Ask<T>(message, Deadline.Limit);

    public AgentProtocol.InstanceReport? ReportOf(string instance)
    {
        lock (_reports) return _reports.GetValueOrDefault(instance);
    }

    public async Task<AgentProtocol.InstanceReport> UntilAsync(string instance, Func<AgentProtocol.InstanceReport, bool> condition, string what)
    {
        await Deadline.UntilAsync(() => ReportOf(instance) is { } report && condition(report), () => $"{instance} {what}; it is {ReportOf(instance)}");
        return ReportOf(instance)!;
    }

    public Task UntilRemovedAsync(string instance) => Deadline.UntilAsync(
        () =>
        {
            lock (_reports) return _removed.Any(removed => removed.Instance == instance);
        },
        () => $"{instance} is removed");

    public Task<AgentProtocol.InstanceReport> UntilReadyAsync(string instance) => UntilAsync(instance, report => report.IsReady, "is ready");

    /// <summary>Until it is as far as to have written that: one that is asked to end before may not have come to heed that.</summary>
    public Task UntilSaidAsync(string instance, string text) =>
        Deadline.UntilAsync(() => LogOf(instance).Contains(text, StringComparison.Ordinal), () => $"{instance} says {text}: {LogOf(instance)}");

    public string LogOf(string instance) => LogFiles.Tail(Options.FolderOf(instance).Log);

    /// <summary>Of what its actors have warned, in order.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_reports) return [.. _warnings];
        }
    }

    /// <summary>The only instance's.</summary>
    public Task<IActorRef> OnlyProcessActorAsync() => _system!.ActorSelection(_agent.Path / "*").ResolveOne(Deadline.Limit);

    public async ValueTask DisposeAsync()
    {
        await _system!.Terminate().WaitAsync(Deadline.Limit);
        foreach (var folder in Directory.EnumerateDirectories(Options.InstancesFolder))
        {
            if (new InstanceFolder(folder).ReadProcess() is not { } kept) continue;
            kept.Keeper.KillGroup();
            kept.Process.Kill();
            await Deadline.UntilAsync(() => !kept.Process.IsAlive, () => $"process {kept.Process.Id} has ended");
        }

        foreach (var folder in Directory.EnumerateDirectories(Options.InstancesFolder))
            await Deadline.UntilAsync(() => Options.Volumes.TryRelease(Path.GetFileName(folder)), () => $"the volumes of {folder} are released");
        await Deadline.UntilAsync(IsDeleted, () => $"{_folder} is deleted");
    }

    /// <summary>What a process that is being killed still writes may come while the folder is emptied.</summary>
    private bool IsDeleted()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
            return true;
        }
        catch (IOException) when (Directory.Exists(_folder))
        {
            return false;
        }
    }

    private sealed class Owners : ReceiveActor
    {
        public Owners(TestAgent agent)
        {
            Receive<AgentProtocol.InstanceReport>(report =>
            {
                lock (agent._reports) agent._reports[report.Instance] = report;
            });
            Receive<FleetProtocol.AgentIsThere>(presence => Volatile.Write(ref agent._presence, presence));
            Receive<AgentProtocol.InstanceRemoved>(removed =>
            {
                lock (agent._reports) agent._removed.Add(removed);
            });
            Receive<Warning>(warning =>
            {
                lock (agent._reports) agent._warnings.Add(warning.Message.ToString()!);
            });
        }
    }
}
