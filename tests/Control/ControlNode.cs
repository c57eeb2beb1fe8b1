using System.Collections.Immutable;
using System.Diagnostics;
using ActorInference.Host.Consoles;
using ActorInference.Host.Groups;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Objects;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Management.Dsl;
using Akka.Persistence;
using Petabridge.Cmd.Host;

namespace ActorInference.Control.Tests;

/// <summary>One control node with simulated agents, whose journal outlives it.</summary>
public sealed class ControlNode : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Seconds between the reports of agents that can be lost: five of them may be missed before nothing is placed there.</summary>
    public const double RemoteInterval = 0.4;

    private const string SystemName = "control";

    private readonly ActorSystem _system;

    private ControlNode(ActorSystem system, ControlRegions regions) => (_system, Regions) = (system, regions);

    public ControlRegions Regions { get; }

    /// <param name="journal">SQLite file; null keeps the journal in memory.</param>
    /// <param name="interval">How often agents report.</param>
    /// <param name="settings">HOCON above the defaults.</param>
    public static async Task<ControlNode> StartAsync(
        SimulatedHosts hosts, string? journal = null, int agents = 3, double interval = 0.5, IMetricSource? metrics = null, string settings = "")
    {
        var system = ActorSystem.Create(SystemName, ConfigurationFactory.ParseString(settings).WithFallback(ConfigurationFactory.ParseString(Hocon(journal))).WithFallback(InferenceSettings.AgentDefaults));
        await JoinAsync(system, Cluster.Get(system).SelfAddress);
        var regions = system.StartControl("", isHost: true, metrics);
        for (var i = 0; i < agents; i++) system.ActorOf(SimulatedAgent.Props($"host-{i:000}", hosts, regions.Instances, regions.Fleet, TimeSpan.FromSeconds(interval)));
        return new ControlNode(system, regions);
    }

    /// <summary>Serves the management routes, as an agent does.</summary>
    /// <returns>Where.</returns>
    public async Task<Uri> ServeAsync() => await AkkaManagement.Get(_system).Start().WaitAsync(Patience) ?? throw new InvalidOperationException("Nothing is served.");

    /// <summary>Opens the console, as an agent does, where the settings say.</summary>
    public void OpenConsole()
    {
        var console = PetabridgeCmd.Get(_system);
        console.RegisterCommandPalette(GroupPalette.Instance);
        console.RegisterCommandPalette(RolloutPalette.Instance);
        console.Start();
    }

    /// <summary>A host of its own: an agent in another member of the cluster.</summary>
    public async Task<RemoteHost> JoinAsync(string host, SimulatedHosts hosts)
    {
        var system = ActorSystem.Create(SystemName, ConfigurationFactory.ParseString(Hocon(journal: null)).WithFallback(InferenceSettings.AgentDefaults));
        await JoinAsync(system, Cluster.Get(_system).SelfAddress);
        var regions = system.StartControl("", isHost: false);
        system.ActorOf(SimulatedAgent.Props(host, hosts, regions.Instances, regions.Fleet, TimeSpan.FromSeconds(RemoteInterval)));
        return new RemoteHost(system, Cluster.Get(_system));
    }

    /// <summary>Numbers of the events that a journal still has.</summary>
    public Task<ImmutableArray<long>> ReadJournalAsync(string persistenceId)
    {
        var read = new TaskCompletionSource<ImmutableArray<long>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _system.ActorOf(Props.Create(() => new JournalReader(persistenceId, read)));
        return read.Task.WaitAsync(Patience);
    }

    public async Task<GroupProtocol.Applied> CommandAsync(GroupProtocol.IForGroup command)
    {
        var answer = await Regions.Groups.Ask<object>(command, Patience);
        return answer as GroupProtocol.Applied ?? throw new InvalidOperationException($"{command} was answered by {answer}");
    }

    public Task<GroupProtocol.Applied> ApplyAsync(string group, string yaml, string? policy = null) => CommandAsync(new GroupProtocol.Apply(group, yaml, policy, DateTimeOffset.UtcNow));

    public Task<GroupProtocol.State> StateAsync(string group) => Regions.Groups.Ask<GroupProtocol.State>(new GroupProtocol.GetState(group), Patience);

    public Task<RolloutProtocol.Status> StatusAsync(string group) => Regions.Rollouts.Ask<RolloutProtocol.Status>(new RolloutProtocol.GetStatus(group), Patience);

    public async Task<ObjectProtocol.Done> DeclareAsync(ObjectKind kind, string name, string yaml)
    {
        var resolved = SpecWriter.Write(SpecReader.Read(yaml).Documents.Single());
        return await AskObjectAsync(new ObjectProtocol.Declare(kind, name, resolved, "", DateTimeOffset.UtcNow));
    }

    public async Task<ObjectProtocol.Done> AskObjectAsync(ObjectProtocol.IForObject command) =>
        await Regions.Objects.Ask<object>(command, Patience) as ObjectProtocol.Done ?? throw new InvalidOperationException($"{command} was refused");

    /// <summary>Waits until so many agents are known: what is placed before goes to those that are.</summary>
    public async Task UntilAgentsAsync(int count)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await Regions.Fleet.Ask<FleetProtocol.Agents>(FleetProtocol.GetAgents.Instance, Patience)).Present.Length < count) await timer.WaitForNextTickAsync(deadline.Token);
    }

    /// <summary>Waits until the fleet knows of no object of a kind; it is told of an object's end.</summary>
    public async Task UntilUnlistedAsync(ObjectKind kind)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!(await Regions.Fleet.Ask<FleetProtocol.Objects>(new FleetProtocol.GetObjects(kind), Patience)).Names.IsEmpty) await timer.WaitForNextTickAsync(deadline.Token);
    }

    /// <summary>Asks an object until it is so.</summary>
    /// <param name="condition">Is given null while there is none.</param>
    public async Task<ObjectProtocol.State?> UntilAsync(ObjectKind kind, string name, Func<ObjectProtocol.State?, bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var state = await Regions.Objects.Ask<object>(new ObjectProtocol.GetState(kind, name), Patience) as ObjectProtocol.State;
            if (condition(state)) return state;
            if (watch.Elapsed > Patience) Assert.Fail($"After {Patience.TotalSeconds} s still not: {what}. {state} {string.Join("; ", state?.Parts ?? [])}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Asks until it is so.</summary>
    /// <param name="patience">For how long; as others if null.</param>
    public async Task<RolloutProtocol.Status> UntilAsync(string group, Func<RolloutProtocol.Status, bool> condition, string what, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var status = await StatusAsync(group);
            if (condition(status)) return status;
            if (watch.Elapsed > (patience ?? Patience)) Assert.Fail($"After {watch.Elapsed.TotalSeconds:0} s still not: {what}. {string.Join("; ", status.Holds)} {string.Join("; ", status.Instances.Take(10).Select(each => $"{each.Name} {each.Stage} {each.IsReady} {each.Revision} {each.Message}"))}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Waits until a group knows that a revision is rolled out whole: what it goes back to.</summary>
    public async Task UntilStableAsync(string group, long revision)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await StateAsync(group)).Stable != revision) await timer.WaitForNextTickAsync(deadline.Token);
    }

    /// <summary>Waits until a group notes what has happened to it, which it is told by others.</summary>
    public async Task UntilNotedAsync(string group, Func<GroupNote, bool> isIt, string what)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var notes = (await StateAsync(group)).Notes;
            if (notes.Any(isIt)) return;
            if (watch.Elapsed > Patience) Assert.Fail($"After {Patience.TotalSeconds} s not noted: {what}. {string.Join("; ", notes)}");
            await timer.WaitForNextTickAsync();
        }
    }

    public Task<RolloutProtocol.Status> UntilDoneAsync(string group, long generation, TimeSpan? patience = null) =>
        UntilAsync(group, status => status.Generation >= generation && status.IsDone, $"generation {generation} is rolled out", patience);

    /// <summary>As a process that is killed: nothing ends in order.</summary>
    public async ValueTask DisposeAsync()
    {
        ((ExtendedActorSystem)_system).Abort();
        await _system.WhenTerminated.WaitAsync(Patience);
    }

    /// <summary>Done when the node is up. The cluster's own call for this gives up after ten seconds, which a busy machine may need.</summary>
    private static Task JoinAsync(ActorSystem system, Address to)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.Get(system).RegisterOnMemberUp(() => up.TrySetResult());
        Cluster.Get(system).Join(to);
        return up.Task.WaitAsync(Patience);
    }

    private static string Hocon(string? journal) => $$"""
        akka {
          actor.provider = cluster
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = []
          log-dead-letters = off
          management.http {
            hostname = "127.0.0.1", port = 0, route-providers-read-only = off
            routes { groups = "{{typeof(GroupRoutes).FullName}}, {{typeof(GroupRoutes).Assembly.GetName().Name}}" }
          }
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          cluster {
            log-info = off
            sharding { state-store-mode = ddata, distributed-data.durable.keys = [], retry-interval = 500ms }
          }
          {{(journal is null ? InMemory : Persistence(journal))}}
        }
        """;

    private const string InMemory = """
        persistence.snapshot-store { plugin = "akka.persistence.snapshot-store.inmem", inmem.class = "Akka.Persistence.Snapshot.MemorySnapshotStore, Akka.Persistence" }
        """;

    private static string Persistence(string file) => $$"""
        persistence {
          journal {
            plugin = "akka.persistence.journal.sql"
            sql { class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql", connection-string = "Data Source={{file}}", provider-name = "SQLite.MS" }
          }
          snapshot-store {
            plugin = "akka.persistence.snapshot-store.sql"
            sql { class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql", connection-string = "Data Source={{file}}", provider-name = "SQLite.MS" }
          }
        }
        """;
}

/// <summary>An actor system with the agent of one host.</summary>
public sealed class RemoteHost(ActorSystem system, Cluster control) : IAsyncDisposable
{
    private readonly Address _address = Cluster.Get(system).SelfAddress;

    /// <summary>The host is cut off without a word; its processes may go on, and nobody hears of them.</summary>
    public async Task LoseAsync() => await DisposeAsync();

    /// <summary>The cluster gives up its member.</summary>
    public async Task RemoveAsync()
    {
        control.Down(_address);
        using var deadline = new CancellationTokenSource(ControlNode.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (control.State.Members.Any(member => member.Address.Equals(_address))) await timer.WaitForNextTickAsync(deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (!system.WhenTerminated.IsCompleted) ((ExtendedActorSystem)system).Abort();
        await system.WhenTerminated.WaitAsync(ControlNode.Patience);
    }
}

/// <summary>Replays a journal without its snapshots, and ends.</summary>
internal sealed class JournalReader : ReceivePersistentActor
{
    public JournalReader(string persistenceId, TaskCompletionSource<ImmutableArray<long>> read)
    {
        PersistenceId = persistenceId;
        var events = ImmutableArray.CreateBuilder<long>();
        Recover<RecoveryCompleted>(_ =>
        {
            read.SetResult(events.ToImmutable());
            Context.Stop(Self);
        });
        Recover<object>(_ => events.Add(LastSequenceNr));
    }

    public override string PersistenceId { get; }

    public override Recovery Recovery { get; } = new(SnapshotSelectionCriteria.None);
}
