using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>
/// Has hosts do their part of a warm-up, as many at once as its policies let it. What a host has done is journaled; one that was at
/// work when this actor ended is told again, so that an action runs at least once.
/// </summary>
public sealed class WarmupActor : DeclaredObjectActor
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestAction = TimeSpan.FromHours(1);

    private readonly Dictionary<string, TimeSpan> _active = [];
    private Warmup? _warmup;
    private WarmupState _state = WarmupState.Empty;
    private ImmutableArray<FleetProtocol.AgentIsThere> _agents = [];
    private ImmutableSortedDictionary<string, AgentProtocol.Warm> _hosts = ImmutableSortedDictionary.Create<string, AgentProtocol.Warm>(StringComparer.Ordinal);
    private string _message = "";

    public WarmupActor(string name, Func<ControlRegions> regions, int snapshotEvery)
        : base(ObjectKind.Warmup, name, regions, LookInterval, snapshotEvery)
    {
        Command<FleetProtocol.Agents>(OnAgents);
        Command<RolloutProtocol.Status>(OnStatus);
        Command<AgentProtocol.Warmed>(OnWarmed);
    }

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    public static Props Props(string name, Func<ControlRegions> regions, int snapshotEvery) => Akka.Actor.Props.Create(() => new WarmupActor(name, regions, snapshotEvery));

    protected override void Read(string yaml)
    {
        var before = _warmup;
        _warmup = ObjectDocuments.Read<Warmup>(yaml);
        if (before is null || before with { Paused = _warmup.Paused } == _warmup) return;
        // Another warm-up under the same name begins from the beginning; a pause or its end does not.
        var isSame = SpecWriter.Write(before with { Paused = false }) == SpecWriter.Write(_warmup with { Paused = false });
        if (!isSame) (_state, _hosts) = (WarmupState.Empty, _hosts.Clear());
        if (!isSame) _active.Clear();
    }

    protected override void Apply(ObjectEvents.IObjectEvent @event)
    {
        _state = _state.Apply(@event);
        if (@event is ObjectEvents.ObjectEnded) (_warmup, _hosts) = (null, _hosts.Clear());
    }

    protected override ObjectSnapshots.IObjectSnapshot TakeSnapshot(ObjectSnapshots.Declaration declared) => ObjectSnapshots.Warmup.Of(declared, _state);

    protected override void Restore(ObjectSnapshots.IObjectSnapshot snapshot) => _state = ((ObjectSnapshots.Warmup)snapshot).ToState();

    protected override void LookAround()
    {
        if (Declared.IsDeleting || IsOutlived())
        {
            _active.Clear();
            End();
            return;
        }

        if (_state.Ended is null) Regions.Fleet.Tell(FleetProtocol.GetAgents.Instance);
    }

    protected override ObjectProtocol.State Describe(ImmutableArray<GroupNote> notes)
    {
        var names = _hosts.Keys.Union(_state.Hosts.Keys).Order(StringComparer.Ordinal).ToList();
        var parts = names.Select(Part).ToImmutableArray();
        var phase = _state.Ended?.Phase ?? (_warmup!.Paused ? nameof(WarmupPhase.Paused) : nameof(WarmupPhase.Running));
        return new ObjectProtocol.State(
            Kind, Name, Declared.Yaml, phase, _warmup!.TargetGroup?.Name ?? "", _state.Ended?.Reason ?? _message, names.Count, _active.Count, parts.Count(part => part.Status == "Succeeded"), parts,
            Declared.CreatedAt, notes);
    }

    private ObjectPart Part(string host)
    {
        var warmed = _state.Hosts.GetValueOrDefault(host, WarmedHost.New);
        if (warmed.IsSuccess) return new ObjectPart(host, "Succeeded", "");
        var status = _active.ContainsKey(host) ? "Active" : warmed.Failures == 0 ? "Pending" : "Failed";
        return new ObjectPart(host, status, warmed.Failures == 0 ? "" : $"{warmed.Failures} failures; the last: {warmed.Message}");
    }

    private bool IsOutlived() => _state.Ended is { } ended && _warmup!.Policies.TimeToLiveAfterFinished is { } kept && DateTimeOffset.UtcNow - ended.At >= kept;

    private void OnAgents(FleetProtocol.Agents agents)
    {
        if (!IsRunning()) return;
        _agents = agents.Present;
        if (_warmup!.TargetGroup is { } group)
        {
            Regions.Rollouts.Tell(new RolloutProtocol.GetStatus(group.Name));
            return;
        }

        var nodes = _warmup.TargetNodes!;
        if (_agents.IsEmpty)
        {
            _message = "waits for an agent";   // Which hosts have the labels is not known before.
            return;
        }

        var names = nodes.Names.IsEmpty ? _agents.Where(agent => nodes.Selector.All(label => agent.Topology.Labels.GetValueOrDefault(label.Key) == label.Value)).Select(agent => agent.Node) : nodes.Names;
        Go(names.ToDictionary(name => name, _ => WarmupLaunches.Create(_warmup, [nodes.Actions], LimitOf(_warmup))));
    }

    private void OnStatus(RolloutProtocol.Status status)
    {
        if (!IsRunning() || _warmup!.TargetGroup is not { } group || status.Group != group.Name) return;
        if (status.Generation == 0)
        {
            _message = $"waits for the group {group.Name}";
            return;
        }

        if (group.Roles.Keys.FirstOrDefault(role => status.Roles.FirstOrDefault(each => each.Role == role) is not { } progress || progress.Existing < progress.Desired) is { } missing)
        {
            _message = $"waits until all of {missing} of {group.Name} have their hosts";
            return;
        }

        // Actions of several roles on one host are one piece of work.
        var hosts = status.Instances.Where(instance => instance.Node.Length > 0 && group.Roles.ContainsKey(instance.Role)).GroupBy(instance => instance.Node);
        Go(hosts.ToDictionary(host => host.Key, host => WarmupLaunches.Create(_warmup, [.. host.Select(instance => instance.Role).Distinct().Order(StringComparer.Ordinal).Select(role => group.Roles[role])], LimitOf(_warmup))));
    }

    private bool IsRunning() => Declared is { Exists: true, IsDeleting: false } && _state.Ended is null;

    private void Go(Dictionary<string, AgentProtocol.Warm> hosts)
    {
        if (_state.StartedAt is not { } started)
        {
            Record(new ObjectEvents.WarmupBegun(DateTimeOffset.UtcNow));
            return;   // The next look goes on.
        }

        _hosts = hosts.ToImmutableSortedDictionary(StringComparer.Ordinal);
        var plan = WarmupPlanner.Next(_warmup!, [.. _hosts.Keys.Select(host => _state.Describe(host, _active.ContainsKey(host)))], started, DateTimeOffset.UtcNow);
        if (plan.Phase is WarmupPhase.Completed or WarmupPhase.Failed)
        {
            _active.Clear();
            Record(new ObjectEvents.WarmupEnded(plan.Phase.ToString(), plan.Reason, DateTimeOffset.UtcNow), () => Note(plan.Phase == WarmupPhase.Failed, $"Warmup{plan.Phase}", plan.Reason));
            return;
        }

        var missing = plan.Start.Where(host => _agents.All(agent => agent.Node != host)).ToList();
        _message = missing.Count == 0 ? "" : $"waits for the agents of {string.Join(", ", missing)}";
        foreach (var host in plan.Start.Except(missing)) Tell(host);
        foreach (var host in _active.Where(each => Now - each.Value >= RepeatInterval).Select(each => each.Key).ToList()) Tell(host);
    }

    private void Tell(string host)
    {
        if (_agents.FirstOrDefault(agent => agent.Node == host) is not { } agent || !_hosts.TryGetValue(host, out var warm)) return;
        _active[host] = Now;
        Context.ActorSelection(agent.AgentPath).Tell(warm);
    }

    private void OnWarmed(AgentProtocol.Warmed warmed)
    {
        if (!IsRunning() || warmed.Warmup != Name || !_active.Remove(warmed.Node)) return;
        Record(new ObjectEvents.HostWarmed(warmed.Node, warmed.IsSuccess, warmed.Message), () =>
        {
            Note(!warmed.IsSuccess, warmed.IsSuccess ? "HostWarmed" : "HostFailed", warmed.IsSuccess ? warmed.Node : $"{warmed.Node}: {warmed.Message}");
            LookAround();
        });
    }

    private static TimeSpan LimitOf(Warmup warmup) => warmup.Policies.GlobalTimeout ?? LongestAction;
}
