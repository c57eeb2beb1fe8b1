using System.Collections.Immutable;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.Roles.Groups.Control;

/// <summary>
/// Brings a group about: makes a plan from what is declared and what its instances report, does what the plan says, and plans
/// again at every change. Each step is journaled before it is said, and said again until it is seen to be done: so it may die at
/// any moment and go on elsewhere.
/// </summary>
public sealed class RolloutCoordinator : SnapshottedActor, IWithTimers
{
    /// <summary>Changes that come together are planned for together.</summary>
    private static readonly TimeSpan PlanDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>A clock that only goes on is journaled so often.</summary>
    private static readonly TimeSpan ClockPrecision = TimeSpan.FromSeconds(30);

    /// <summary>More would not say more.</summary>
    private const int MaxRefusedHolds = 5;

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private readonly string _group;
    private readonly Func<ControlRegions> _regions;
    private readonly TimeProvider _time;
    private readonly ObservedInstances _observed = new();
    private readonly GroupTopology _topology = new();
    private readonly HostWatch _hosts;
    private RolloutState _state = RolloutState.Empty;
    private Declaration? _declaration;
    private ImmutableArray<FleetProtocol.AgentIsThere> _agents = [];
    private Plan? _plan;
    private string _lastHolds = "";
    private bool _isStalled;
    private RolloutClock? _clock;
    private long _promoted;
    private DateTimeOffset _placeAfter;

    public RolloutCoordinator(string group, Func<ControlRegions> regions, GroupSettings settings, TimeProvider time)
        : base(settings.SnapshotEvery)
    {
        (_group, _regions, _time) = (group, regions, time);
        _hosts = new HostWatch(settings.HostLostAfter);
        PersistenceId = $"rollout-{group}";
        Recover<RolloutEvents.IRolloutEvent>(Apply);
        Command<RolloutProtocol.Declare>(Declare);
        Command<RolloutProtocol.GetStatus>(_ => Sender.Tell(Status()));
        Command<RolloutProtocol.RestartInstance>(RestartInstance);
        Command<RoleInstanceProtocol.Observed>(Observe);
        Command<RoleInstanceProtocol.Gone>(Forget);
        Command<FleetProtocol.Agents>(agents => TakeAgents(agents.Present));
        Command<Look>(_ => LookAround());
        Command<MakePlan>(_ => PlanNow());
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>As it is journaled, but to the moment: a deadline may be shorter than the precision of the journal.</summary>
    private RolloutClock? Clock => _clock is { } precise && precise.Revision == _state.Clock?.Revision ? precise : _state.Clock;

    public static Props Props(string group, Func<ControlRegions> regions, GroupSettings settings, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new RolloutCoordinator(group, regions, settings, time));

    protected override IGroupMessage TakeSnapshot() => ControlSnapshots.Rollout.Of(_state);

    protected override void Restore(object snapshot)
    {
        _state = ((ControlSnapshots.Rollout)snapshot).ToState();
        _declaration = _state.Declaration is { } declared ? Declaration.Read(declared, _state.Former) : null;
    }

    protected override void OnReplaySuccess()
    {
        Timers.StartPeriodicTimer(nameof(Look), Look.Instance, LookInterval);
        if (_state.Declaration is not null) LookAround();
    }

    private void Apply(RolloutEvents.IRolloutEvent @event)
    {
        _state = _state.Apply(@event);
        if (@event is RolloutEvents.Declared declared) _declaration = Declaration.Read(declared, _state.Former);
        if (@event is RolloutEvents.InstanceGone gone) _observed.Forget(new InstanceKey(gone.Role, gone.Ordinal));
        OnApplied();
    }

    private void Declare(RolloutProtocol.Declare declare)
    {
        var declared = new RolloutEvents.Declared(declare.Generation, declare.Desired, declare.Stable, declare.Policy, declare.IsPaused, declare.IsDeleting);
        if (_state.Declaration is { } present && (present == declared || present.Generation > declare.Generation)) return;
        Persist(declared, written =>
        {
            Apply(written);
            _plan = null;   // What was done before says nothing of this.
            LookAround();
            PlanSoon();
        });
    }

    private void Observe(RoleInstanceProtocol.Observed observed)
    {
        if (_state.Find(observed.Role, observed.Ordinal) is not { } managed)
        {
            // Left over from before: nobody here knows of it.
            if (observed.Revision.Length > 0) Tell(observed.Role, observed.Ordinal, id => new RoleInstanceProtocol.Remove(id, _group, observed.Role, observed.Ordinal));
            return;
        }

        if (managed.IsDeleting) Tell(managed.Key, id => new RoleInstanceProtocol.Remove(id, _group, managed.Key.Role, managed.Key.Ordinal));
        else if (observed.Revision != managed.Revision) Bring(managed);
        else if (!OrderFactory.IsAt(observed, _declaration?.FindRole(managed.Key.Role, managed.Revision), managed)) Bring(managed, isNew: false);
        React(observed, managed);
        foreach (var note in _observed.Take(observed, managed.Revision, _time.GetUtcNow())) Tell(note);
        LearnSeeds(observed);
        PlanSoon();
    }

    private void React(RoleInstanceProtocol.Observed observed, ManagedInstance managed)
    {
        if (_declaration is not { } declaration || managed.IsDeleting) return;
        var watch = new FaultWatch(_group, declaration, _state);
        watch.Take(observed, _observed.WasReady(managed.Key), () => [.. _state.Instances.Values.Select(_observed.Describe)], _time.GetUtcNow());
        if (watch.Events.Count == 0) return;
        // Told before it is journaled: if this ends between, it is told again, and an instance knows what it was begun again for.
        foreach (var restart in watch.Restarts) _regions().Instances.Tell(restart);
        foreach (var note in watch.Notes) Tell(note);
        PersistAll(watch.Events, Apply);
    }

    /// <summary>The port named cluster is where others join.</summary>
    private void LearnSeeds(RoleInstanceProtocol.Observed observed)
    {
        if (_state.Seeds.Length >= RolloutState.MaxSeeds || _state.Find(observed.Role, observed.Ordinal) is not { } managed) return;
        var ports = observed.Members.Where(member => member.Node == managed.Places[0].Node).SelectMany(member => member.Ports).Where(port => port.Name == GroupTopology.ClusterPort);
        foreach (var seed in ports.Select(port => $"{managed.Places[0].Address}:{port.Port}").Where(seed => !_state.Seeds.Contains(seed)).Take(1).ToList())
            Persist(new RolloutEvents.SeedSeen(seed), seen =>
            {
                Apply(seen);
                Publish();
            });
    }

    private void Forget(RoleInstanceProtocol.Gone gone)
    {
        if (_state.Find(gone.Role, gone.Ordinal) is not { IsDeleting: true }) return;
        Persist(new RolloutEvents.InstanceGone(gone.Role, gone.Ordinal), written =>
        {
            Apply(written);
            Publish();
            PlanSoon();
        });
    }

    private void TakeAgents(ImmutableArray<FleetProtocol.AgentIsThere> agents)
    {
        var isNew = _agents.Length != agents.Length;
        _agents = agents;
        if (isNew) PlanSoon();
        var known = _state.Instances.Values.SelectMany(instance => instance.Places).Select(place => (place.Node, place.AgentPath)).Distinct().ToList();
        foreach (var agent in agents.Where(agent => known.Any(each => each.Node == agent.Node && each.AgentPath != agent.AgentPath)))
        {
            Persist(new RolloutEvents.AgentMoved(agent.Node, agent.AgentPath), moved =>
            {
                Apply(moved);
                foreach (var managed in _state.Instances.Values.Where(each => each.Places.Any(place => place.Node == moved.Node)).ToList()) Bring(managed, isNew: false);
                Publish();
            });
        }

        LookAtHosts();
    }

    /// <summary>Instances of hosts that are lost for long enough go elsewhere.</summary>
    private void LookAtHosts()
    {
        if (_declaration is not { } declaration) return;
        var now = _time.GetUtcNow();
        foreach (var host in _hosts.Look(_state.Instances.Values.SelectMany(instance => instance.Places), _agents, IsMember, now))
            Tell(new GroupNote(now, IsWarning: true, "HostLost", _group, $"the agent of {host} is gone, and the cluster has removed it"));
        _observed.Lost = _hosts.Lost;
        if (_hosts.Lost.IsEmpty)
        {
            LookAtRefused(declaration, now);
            return;
        }

        var loss = new HostLoss(_group, declaration, _state, _agents, _hosts.Lost, now);
        loss.Plan();
        foreach (var key in loss.Abandoned)
        {
            foreach (var host in _hosts.Lost) Tell(key, id => new RoleInstanceProtocol.Abandon(id, host));
        }

        if (loss.Events.Count > 0) PersistAll(loss.Events, Apply);
        DeferAsync(loss, done => DoMoves(done.Moved, done.Notes));
        if (loss.Events.Count == 0) LookAtRefused(declaration, now);
    }

    /// <summary>Instances whose agents have given to others what they need go elsewhere, or give back what they have.</summary>
    private void LookAtRefused(Declaration declaration, DateTimeOffset now)
    {
        if (declaration.IsDeleting || _state.IsRecreating || Displacement.Find(_group, declaration, _state, _observed) is not { Count: > 0 } refused) return;
        var displacement = new Displacement(_group, declaration, _state, _agents, now);
        displacement.Plan(refused, _observed.WasReady);
        if (displacement.Events.Count == 0) return;
        if (displacement.Removed.Count > 0) _placeAfter = now + Displacement.Pause;
        PersistAll(displacement.Events, Apply);
        DeferAsync(displacement, done =>
        {
            foreach (var key in done.Removed) Tell(key, id => new RoleInstanceProtocol.Remove(id, _group, key.Role, key.Ordinal));
            DoMoves(done.Moved, done.Notes);
        });
    }

    private void DoMoves(List<InstanceKey> moved, List<GroupNote> notes)
    {
        foreach (var key in moved) if (_state.Instances.TryGetValue(key, out var managed)) Bring(managed);
        foreach (var note in notes) Tell(note);
        if (moved.Count == 0) return;
        Publish();
        PlanSoon();
    }

    private static bool IsMember(string agentPath) =>
        ActorPath.TryParse(agentPath, out var path) && Cluster.Get(Context.System).State.Members.Any(member => member.Address.Equals(path.Address));

    /// <summary>Asks for what it has not heard of for a while, and says again what may have been lost.</summary>
    private void LookAround()
    {
        if (_declaration is null) return;
        _regions().Fleet.Tell(new FleetProtocol.GetAgents { Group = _group });
        foreach (var key in _state.Instances.Keys)
        {
            if (_observed.IsStale(key, _time.GetUtcNow())) Tell(key, id => new RoleInstanceProtocol.Look(id));
        }

        _topology.Repeat();
        Publish();
        PlanSoon();
    }

    private void PlanSoon()
    {
        if (!Timers.IsTimerActive(nameof(MakePlan))) Timers.StartSingleTimer(nameof(MakePlan), MakePlan.Instance, PlanDelay);
    }

    private void PlanNow()
    {
        if (_declaration is not { } declaration) return;
        var now = _time.GetUtcNow();
        if (_state is { IsRecreating: true, Recreation: { } recreation } && now < recreation.NotBefore && !declaration.IsDeleting)
        {
            Hold($"all of it begins again in {(recreation.NotBefore - now).TotalSeconds:0} s: {recreation.Cause}");
            return;
        }

        var input = declaration.ToInput([.. _state.Instances.Values.Select(_observed.Describe)], now) with { Clock = Clock };
        if (_state.IsRecreating) input = input with { Deleting = true };
        _plan = Planner.Next(input);
        var steps = new PlanSteps(_group, declaration, _state, _agents, now);
        foreach (var action in _plan.Actions) steps.Add(action);
        steps.PlaceAll(_placeAfter);
        var refused = Displacement.Find(_group, declaration, _state, _observed).Take(MaxRefusedHolds).Select(each => new Hold(each.Instance.Key.Role, each.Instance.Key, each.Members[0].Message));
        _plan = _plan with { Holds = [.. _plan.Holds, .. steps.Waiting, .. refused] };
        var clock = RolloutClock.Advance(Clock, declaration.Revision, _plan, now);
        if (clock.Revision != _state.Clock?.Revision || clock.UpdatedReady != _state.Clock.UpdatedReady) steps.Events.Add(new RolloutEvents.ClockMoved(clock));
        else if (clock.LastProgress - _state.Clock.LastProgress > ClockPrecision) steps.Events.Add(new RolloutEvents.ClockMoved(clock));
        if (_plan.Done && _state.IsRecreating) steps.Events.Add(new RolloutEvents.RecreationEnded());
        if (_plan.Done && !input.Deleting && _promoted != declaration.Generation) steps.ToGroup.Add(new GroupProtocol.Promote(_group, declaration.Generation, now));
        if (steps.Events.Count > 0) PersistAll(steps.Events, Apply);
        DeferAsync(steps, done =>
        {
            _clock = clock;
            Do(done);
        });
        TellHolds();
    }

    private void Do(PlanSteps steps)
    {
        foreach (var key in steps.Brought) if (_state.Instances.TryGetValue(key, out var managed)) Bring(managed);
        foreach (var key in steps.Removed) Tell(key, id => new RoleInstanceProtocol.Remove(id, _group, key.Role, key.Ordinal));
        foreach (var note in steps.Notes) Tell(note);
        foreach (var message in steps.ToGroup)
        {
            if (message is GroupProtocol.Promote promote) _promoted = promote.Generation;
            _regions().Groups.Tell(message);
        }

        if (steps.Events.OfType<RolloutEvents.RecreationEnded>().Any()) PlanSoon();
        if (_declaration is { IsDeleting: true } && _state.Instances.IsEmpty) _regions().Groups.Tell(new GroupProtocol.Ended(_group));
        Publish();
    }

    private void Hold(string reason)
    {
        _plan = new Plan([], [new Hold("", null, reason)], _plan?.Roles ?? [], null);
        TellHolds();
    }

    private void Bring(ManagedInstance managed, bool isNew = true)
    {
        if (_declaration!.FindRole(managed.Key.Role, managed.Revision) is not { } role) return;   // Nobody knows any more what that was: the next plan leaves it behind.
        if (isNew) _observed.MarkBrought(managed.Key);
        Tell(managed.Key, _ => new RoleInstanceProtocol.Bring(OrderFactory.Create(_group, role, managed)));
    }

    private void RestartInstance(RolloutProtocol.RestartInstance restart)
    {
        var key = new InstanceKey(restart.Role, restart.Ordinal);
        if (!_state.Instances.ContainsKey(key)) Sender.Tell(new RolloutProtocol.RestartAnswered(IsBegun: false));
        else _regions().Instances.Forward(new RoleInstanceProtocol.Restart(InstanceOrder.IdOf(_group, key.Role, key.Ordinal), "it was asked for"));
    }

    private void Publish()
    {
        if (_declaration is not { } declaration) return;
        foreach (var (agent, publish) in _topology.Changes(declaration, _state, _observed)) Context.ActorSelection(agent).Tell(publish);
    }

    private void TellHolds()
    {
        var holds = string.Join('\n', _plan!.Holds.Select(GroupViews.Name));
        TellStall();
        if (holds == _lastHolds) return;
        foreach (var hold in _plan.Holds) Tell(new GroupNote(_time.GetUtcNow(), IsWarning: false, "Waiting", GroupViews.Held(hold) is { } key ? SpecNames.Instance(_group, key.Role, key.Ordinal) : $"{_group}/{hold.Role}", hold.Reason));
        _lastHolds = holds;
    }

    private void TellStall()
    {
        var isStalled = _plan!.Stalled.Length > 0;
        if (isStalled && !_isStalled) Tell(new GroupNote(_time.GetUtcNow(), IsWarning: true, "ProgressDeadlineExceeded", _group, _plan.Stalled));
        _isStalled = isStalled;
    }

    private RolloutProtocol.Status Status()
    {
        var order = _declaration?.Desired.Roles.Select((role, index) => (role.Name, index)).ToDictionary(pair => pair.Name, pair => pair.index) ?? [];
        var instances = _state.Instances.Values
            .OrderBy(managed => order.GetValueOrDefault(managed.Key.Role, int.MaxValue)).ThenBy(managed => managed.Key.Role, StringComparer.Ordinal).ThenBy(managed => managed.Key.Ordinal)
            .Select(managed => _observed.Status(_group, managed) with { Faults = [.. _state.Faults.Values.Where(fault => fault.Role == managed.Key.Role && fault.Ordinal == managed.Key.Ordinal).OrderBy(fault => fault.Process, StringComparer.Ordinal)] });
        return new RolloutProtocol.Status(
            _group, _state.Declaration?.Generation ?? 0, _plan?.Roles ?? [], [.. instances], [.. _plan?.Holds.Select(GroupViews.Describe) ?? []], _plan is { Done: true })
        {
            IsResting = _plan is { Resting: true },
            Stalled = _plan?.Stalled ?? "",
        };
    }

    private void Tell(GroupNote note) => _regions().Groups.Tell(new GroupProtocol.Note(_group, note));

    private void Tell(InstanceKey key, Func<string, object> message) => Tell(key.Role, key.Ordinal, message);

    private void Tell(string role, int ordinal, Func<string, object> message) => _regions().Instances.Tell(message(InstanceOrder.IdOf(_group, role, ordinal)));

    private sealed record Look
    {
        public static readonly Look Instance = new();
    }

    private sealed record MakePlan
    {
        public static readonly MakePlan Instance = new();
    }
}
