using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Objects;
using Akka.Actor;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Knows which groups and other objects there are, which it journals, and which agents, which tell it again and again. Wakes the groups.</summary>
public sealed class FleetActor : SnapshottedActor, IWithTimers
{
    /// <summary>Its persistence id, which looks like a group's.</summary>
    internal const string JournalId = "group-fleet";

    private const int MissedReports = 5;

    private static readonly TimeSpan WakeInterval = TimeSpan.FromSeconds(5);

    private readonly Func<ControlRegions> _regions;
    private readonly Dictionary<string, (FleetProtocol.AgentIsThere Agent, TimeSpan HeardAt)> _agents = [];
    private ImmutableSortedSet<string> _groups = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    private ImmutableHashSet<(ObjectKind Kind, string Name)> _objects = [];

    public FleetActor(Func<ControlRegions> regions, int snapshotEvery)
        : base(snapshotEvery)
    {
        _regions = regions;
        Recover<GroupListed>(Apply);
        Recover<ObjectListed>(Apply);
        Command<FleetProtocol.AddGroup>(add => List(add.Group, exists: true));
        Command<FleetProtocol.RemoveGroup>(remove => List(remove.Group, exists: false));
        Command<FleetProtocol.GetGroups>(_ => Sender.Tell(new FleetProtocol.Groups([.. _groups])));
        Command<FleetProtocol.AddObject>(add => List(add.Kind, add.Name, exists: true));
        Command<FleetProtocol.RemoveObject>(remove => List(remove.Kind, remove.Name, exists: false));
        Command<FleetProtocol.GetObjects>(get => Sender.Tell(new FleetProtocol.Objects(get.Kind, [.. _objects.Where(each => each.Kind == get.Kind).Select(each => each.Name).Order(StringComparer.Ordinal)])));
        Command<FleetProtocol.AgentIsThere>(agent => _agents[agent.Node] = (agent, Now));
        Command<FleetProtocol.GetAgents>(get => Sender.Tell(new FleetProtocol.Agents(Present(get.Group))));
        Command<WakeAll>(_ => Wake());
    }

    public override string PersistenceId => JournalId;

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <param name="regions">Asked when they are there.</param>
    /// <param name="snapshotEvery">Events between two snapshots.</param>
    public static Props Props(Func<ControlRegions> regions, int snapshotEvery) => Akka.Actor.Props.Create(() => new FleetActor(regions, snapshotEvery));

    protected override IGroupMessage TakeSnapshot() => new ControlSnapshots.Fleet(
        [.. _groups], [.. _objects.OrderBy(each => each.Kind).ThenBy(each => each.Name, StringComparer.Ordinal).Select(each => new ControlSnapshots.Listed(each.Kind, each.Name))]);

    protected override void Restore(object snapshot)
    {
        var taken = (ControlSnapshots.Fleet)snapshot;
        _groups = taken.Groups.ToImmutableSortedSet(StringComparer.Ordinal);
        _objects = [.. taken.Objects.Select(each => (each.Kind, each.Name))];
    }

    protected override void OnReplaySuccess()
    {
        Timers.StartPeriodicTimer(nameof(WakeAll), WakeAll.Instance, WakeInterval);
        Wake();
    }

    private void List(string group, bool exists)
    {
        if (_groups.Contains(group) == exists) return;
        Persist(new GroupListed(group, exists), Apply);
    }

    private void List(ObjectKind kind, string name, bool exists)
    {
        if (_objects.Contains((kind, name)) == exists) return;
        Persist(new ObjectListed(kind, name, exists), Apply);
    }

    private void Apply(ObjectListed listed)
    {
        _objects = listed.Exists ? _objects.Add((listed.Kind, listed.Name)) : _objects.Remove((listed.Kind, listed.Name));
        OnApplied();
    }

    private void Apply(GroupListed listed)
    {
        _groups = listed.Exists ? _groups.Add(listed.Group) : _groups.Remove(listed.Group);
        OnApplied();
    }

    private void Wake()
    {
        foreach (var group in _groups) _regions().Groups.Tell(new GroupProtocol.Wake(group));
        foreach (var (kind, name) in _objects) _regions().Objects.Tell(new ObjectProtocol.Wake(kind, name));
    }

    private ImmutableArray<FleetProtocol.AgentIsThere> Present(string? group) =>
    [
        .. _agents.Values.Where(each => Now - each.HeardAt < MissedReports * each.Agent.ReportedEvery)
            .Select(each => each.Agent with { Taken = group is not null && each.Agent.Taken is { } taken ? HostShare.Others(taken, group) : null })
            .OrderBy(agent => agent.Node, StringComparer.Ordinal),
    ];

    private sealed record WakeAll
    {
        public static readonly WakeAll Instance = new();
    }
}

/// <summary>What the fleet journals.</summary>
/// <param name="Exists">From now on, or no longer.</param>
public sealed record GroupListed(string Group, bool Exists) : IGroupMessage;

/// <summary>Likewise of sets, adapters and warm-ups.</summary>
public sealed record ObjectListed(ObjectKind Kind, string Name, bool Exists) : IGroupMessage;
