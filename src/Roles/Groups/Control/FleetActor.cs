using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Knows which groups there are, which it journals, and which agents, which tell it again and again. Wakes the groups.</summary>
public sealed class FleetActor : ReceivePersistentActor, IWithTimers
{
    private const int MissedReports = 5;

    private static readonly TimeSpan WakeInterval = TimeSpan.FromSeconds(5);

    private readonly Func<ControlRegions> _regions;
    private readonly Dictionary<string, (FleetProtocol.AgentIsThere Agent, TimeSpan HeardAt)> _agents = [];
    private ImmutableSortedSet<string> _groups = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    public FleetActor(Func<ControlRegions> regions)
    {
        _regions = regions;
        Recover<GroupListed>(Apply);
        Command<FleetProtocol.AddGroup>(add => List(add.Group, exists: true));
        Command<FleetProtocol.RemoveGroup>(remove => List(remove.Group, exists: false));
        Command<FleetProtocol.GetGroups>(_ => Sender.Tell(new FleetProtocol.Groups([.. _groups])));
        Command<FleetProtocol.AgentIsThere>(agent => _agents[agent.Node] = (agent, Now));
        Command<FleetProtocol.GetAgents>(_ => Sender.Tell(new FleetProtocol.Agents(Present())));
        Command<WakeAll>(_ => Wake());
    }

    public override string PersistenceId => "group-fleet";

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <param name="regions">Asked when they are there.</param>
    public static Props Props(Func<ControlRegions> regions) => Akka.Actor.Props.Create(() => new FleetActor(regions));

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

    private void Apply(GroupListed listed) => _groups = listed.Exists ? _groups.Add(listed.Group) : _groups.Remove(listed.Group);

    private void Wake()
    {
        foreach (var group in _groups) _regions().Groups.Tell(new GroupProtocol.Wake(group));
    }

    private ImmutableArray<FleetProtocol.AgentIsThere> Present() =>
        [.. _agents.Values.Where(each => Now - each.HeardAt < MissedReports * each.Agent.ReportedEvery).Select(each => each.Agent).OrderBy(agent => agent.Node, StringComparer.Ordinal)];

    private sealed record WakeAll
    {
        public static readonly WakeAll Instance = new();
    }
}

/// <summary>What the fleet journals.</summary>
/// <param name="Exists">From now on, or no longer.</param>
public sealed record GroupListed(string Group, bool Exists) : IGroupMessage;
