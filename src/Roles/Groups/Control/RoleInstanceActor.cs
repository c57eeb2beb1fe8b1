using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Groups.Control;

/// <summary>
/// One instance of a role: brings its processes, on whatever agents they are, to what it was ordered to be, step by step, and
/// tells the coordinator how it is. Each step is said again until an agent reports that it is done.
/// </summary>
public sealed class RoleInstanceActor : SnapshottedActor, IWithTimers
{
    private static readonly TimeSpan StepInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(5);

    private readonly Func<ControlRegions> _regions;
    private readonly string _id;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, AgentProtocol.InstanceReport> _reports = [];
    private readonly Dictionary<string, (string Revision, TimeSpan At)> _told = [];
    private readonly HashSet<(string Instance, string Node)> _cleared = [];
    private RoleInstanceState _state = RoleInstanceState.Empty;
    private InstanceStage _stage = InstanceStage.None;
    private RoleInstanceProtocol.Observed? _lastTold;
    private TimeSpan? _drainedAt;
    private TimeSpan? _hookDeadline;
    private bool _afterDone;
    private string _message = "";

    /// <param name="snapshotEvery">Events between two snapshots.</param>
    public RoleInstanceActor(string id, Func<ControlRegions> regions, int snapshotEvery)
        : base(snapshotEvery)
    {
        (_id, _regions) = (id, regions);
        PersistenceId = $"role-instance-{id}";
        Recover<RoleInstanceEvents.IRoleInstanceEvent>(Apply);
        Command<RoleInstanceProtocol.Bring>(bring => Take(bring.Order));
        Command<RoleInstanceProtocol.Look>(_ => TellCoordinator(always: true));
        Command<RoleInstanceProtocol.Remove>(Remove);
        Command<RoleInstanceProtocol.Restart>(Restart);
        Command<RoleInstanceProtocol.Abandon>(Abandon);
        Command<RestartDue>(RestartAfterFailure);
        Command<AgentProtocol.InstanceReport>(TakeReport);
        Command<AgentProtocol.InstanceRemoved>(TakeRemoval);
        Command<AgentProtocol.HookDone>(OnHookDone);
        Command<Step>(_ => Advance());
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    public static Props Props(string id, Func<ControlRegions> regions, int snapshotEvery) => Akka.Actor.Props.Create(() => new RoleInstanceActor(id, regions, snapshotEvery));

    protected override IGroupMessage TakeSnapshot() => ControlSnapshots.RoleInstance.Of(_state);

    protected override void Restore(object snapshot) => _state = ((ControlSnapshots.RoleInstance)snapshot).ToState();

    protected override void OnReplaySuccess()
    {
        if (_state.Order is null) return;
        Timers.StartPeriodicTimer(nameof(Step), Step.Instance, StepInterval);
        Self.Tell(Step.Instance);
    }

    private void Take(InstanceOrder order)
    {
        var isSame = _state.Order is { } present && present.Revision == order.Revision;
        if (isSame && (_state.Order!.Devices != order.Devices || !_state.Order.Members.Select(member => member.AgentPath).SequenceEqual(order.Members.Select(member => member.AgentPath))))
        {
            _told.Clear();
            if (_state.Order.Devices == order.Devices && _state.Order.Members.Select(member => member.Node).SequenceEqual(order.Members.Select(member => member.Node))) Write(new RoleInstanceEvents.OrderReaddressed(order));
            else if (!_state.IsRemoved) Move(order);
            return;
        }

        if (_state.IsRemoved || isSame)
        {
            TellCoordinator(always: true);
            return;
        }

        Persist(new RoleInstanceEvents.OrderTaken(order, DateTimeOffset.UtcNow), taken =>
        {
            Apply(taken);
            BeginOrder();
        });
    }

    /// <summary>A host of its is lost, or has not what it needs. What an agent there says of it later is answered by its end.</summary>
    private void Move(InstanceOrder order) => Persist(new RoleInstanceEvents.OrderMoved(order, DateTimeOffset.UtcNow), moved =>
    {
        Apply(moved);
        foreach (var gone in _reports.Values.Where(report => report.Conflict is not null || !IsMine(report)).ToList()) _reports.Remove(gone.Instance);
        BeginOrder();
    });

    private void BeginOrder()
    {
        Timers.Cancel(nameof(RestartDue));
        (_drainedAt, _hookDeadline, _afterDone, _message) = (null, null, false, "");
        _cleared.Clear();
        Timers.StartPeriodicTimer(nameof(Step), Step.Instance, StepInterval);
        Advance();
    }

    private void Abandon(RoleInstanceProtocol.Abandon abandon)
    {
        if (!_state.IsRemoved) return;
        foreach (var member in _state.Unwanted().Where(member => member.Node == abandon.Node)) _cleared.Add((member.Launch.Instance, member.Node));
        Advance();
    }

    private void Remove(RoleInstanceProtocol.Remove remove)
    {
        if (_state.Order is null)
        {
            _regions().Rollouts.Tell(new RoleInstanceProtocol.Gone(remove.Group, remove.Role, remove.Ordinal));
            return;
        }

        if (_state.IsRemoved) return;
        _cleared.Clear();
        Write(new RoleInstanceEvents.RemovalBegun());
    }

    private void Restart(RoleInstanceProtocol.Restart restart)
    {
        if (restart.LinkedTo is { } failure && failure <= _state.LinkedTo) return;   // Told again.
        var isBegun = RestartWhole(restart.Cause, new RoleInstanceEvents.RestartedWhole(_state.Restarts + 1) { At = DateTimeOffset.UtcNow, LinkedTo = restart.LinkedTo });
        if (restart.LinkedTo is not null) return;
        // After what was to be written is written.
        var asker = Sender;
        DeferAsync(new RolloutProtocol.RestartAnswered(isBegun), asker.Tell);
    }

    /// <returns>False if there is nothing to begin.</returns>
    private bool RestartWhole(string cause, RoleInstanceEvents.RestartedWhole restarted)
    {
        if (_state.Order is null || _state.IsRemoved) return false;
        _log.Info("{0} is begun again whole: {1}.", _id, cause);
        Write(restarted);
        return true;
    }

    /// <summary>The failure of a process that is held means all of them, the sooner the rarer it was; until then its fellows go on.</summary>
    private void PlanRestart(AgentProtocol.InstanceReport failed, RestartDelays delays)
    {
        if (Timers.IsTimerActive(nameof(RestartDue))) return;
        var quiet = DateTimeOffset.UtcNow - _state.FailedAt;
        var failures = RestartBackOff.Count(_state.Failures, quiet, delays.Longest);
        var pause = RestartBackOff.Delay(failures - 1, delays.Base, delays.Longest);
        var due = new RestartDue(failures, $"{failed.Instance} ended with {failed.LastEnd}");
        if (pause > TimeSpan.Zero) Timers.StartSingleTimer(nameof(RestartDue), due, pause);
        else RestartAfterFailure(due);
    }

    private void RestartAfterFailure(RestartDue due)
    {
        if (_reports.Values.Any(IsHeld)) RestartWhole(due.Cause, new RoleInstanceEvents.RestartedWhole(_state.Restarts + 1) { Failures = due.Failures, At = DateTimeOffset.UtcNow });
    }

    /// <summary>Whether it has ended in the revision that is wanted of it, and its agent leaves it so.</summary>
    private bool IsHeld(AgentProtocol.InstanceReport report) =>
        report is { Phase: AgentPhase.Waiting, LastEnd: { Reason: not EndReason.StartFailed } end }
        && Wanted().Any(member => member.Launch is { IsHeldAfterEnd: true } launch && launch.Instance == report.Instance && launch.Revision == end.Revision);

    private void Apply(RoleInstanceEvents.IRoleInstanceEvent @event)
    {
        _state = _state.Apply(@event);
        OnApplied();
    }

    private void Write(RoleInstanceEvents.IRoleInstanceEvent @event) => Persist(@event, written =>
    {
        Apply(written);
        Advance();
    });

    private void TakeReport(AgentProtocol.InstanceReport report)
    {
        if (_state.Order is not { } order || !IsMine(report))
        {
            // Left over from another life: the agent had not heard of its end.
            Sender.Tell(new AgentProtocol.Remove(report.Instance, _id));
            return;
        }

        var before = _reports.GetValueOrDefault(report.Instance);
        _reports[report.Instance] = report;
        if (order.Together is { } delays && IsHeld(report)) PlanRestart(report, delays);
        if (before is null || !report.SaysTheSameAs(before)) Advance();
    }

    private bool IsMine(AgentProtocol.InstanceReport report) =>
        Wanted().Concat(_state.Unwanted()).Any(member => member.Launch.Instance == report.Instance && member.Node == report.Node);

    private void TakeRemoval(AgentProtocol.InstanceRemoved removed)
    {
        _cleared.Add((removed.Instance, removed.Node));
        if (!_reports.TryGetValue(removed.Instance, out var known) || known.Node == removed.Node)
        {
            _reports.Remove(removed.Instance);
            _told.Remove(removed.Instance);
        }

        Advance();
    }

    /// <summary>Goes as far as it can.</summary>
    private void Advance()
    {
        if (_state.Order is not { } order) return;
        if (_state.IsRemoved)
        {
            _stage = InstanceStage.Removing;
            if (Clear()) End(order);
            else TellCoordinator();
            return;
        }

        if (!_state.IsBegun && !MayBegin(order))
        {
            TellCoordinator();
            return;
        }

        if (!_state.IsBegun)
        {
            Write(new RoleInstanceEvents.UpdateBegun());
            return;
        }

        if (_state.MustClear)
        {
            _stage = InstanceStage.Clearing;
            if (Clear()) Write(new RoleInstanceEvents.FormerCleared());
            else TellCoordinator();
            return;
        }

        Clear();
        RunAll();
        Settle(order);
        TellCoordinator();
    }

    /// <summary>Out of service for its grace, then its hook: only then are the processes touched.</summary>
    private bool MayBegin(InstanceOrder order)
    {
        RunAll();
        _drainedAt ??= Now;
        _stage = InstanceStage.Draining;
        if (Now - _drainedAt < order.Grace) return false;
        if (order.Before is not { } hook || _state.Former is not { } former) return true;
        _stage = InstanceStage.Dumping;
        return AskHook(hook, former);
    }

    /// <returns>Whether it is over, in whatever way.</returns>
    private bool AskHook(OrderHook hook, InstanceOrder order)
    {
        if (_hookDeadline is { } deadline) return Now >= deadline;
        _hookDeadline = Now + hook.Timeout;
        var member = order.Members[0];
        Agent(member).Tell(new AgentProtocol.RunHook(member.Launch.Instance, hook.Action, hook.Timeout));
        return false;
    }

    private void OnHookDone(AgentProtocol.HookDone done)
    {
        if (!done.Result.IsSuccess) _log.Warning("A hook of {0} failed: {1}.", _id, done.Result.Reason);
        if (_hookDeadline is not null && _stage is InstanceStage.Dumping or InstanceStage.Loading) _hookDeadline = TimeSpan.Zero;
        Advance();
    }

    /// <returns>Whether nothing unwanted is left.</returns>
    private bool Clear()
    {
        var left = _state.Unwanted().Where(member => !_cleared.Contains((member.Launch.Instance, member.Node))).ToList();
        foreach (var member in left)
        {
            if (left.Exists(other => member.GoneAfter.Contains(other.Launch.Instance))) continue;
            if (_told.TryGetValue(member.Launch.Instance, out var told) && told.Revision.Length == 0 && Now - told.At < RepeatInterval) continue;
            _told[member.Launch.Instance] = ("", Now);
            Agent(member).Tell(new AgentProtocol.Remove(member.Launch.Instance, _id));
        }

        return left.Count == 0;
    }

    /// <summary>What agents are to run now, with the ports of each other that are known.</summary>
    private IEnumerable<MemberOrder> Wanted() => _state.Wanted().Select(member => PodPorts.With(member, _reports));

    private void RunAll()
    {
        foreach (var member in Wanted())
        {
            var (name, revision) = (member.Launch.Instance, member.Launch.Revision);
            if (_reports.TryGetValue(name, out var report) && report.WantedRevision == revision && report.Conflict is null && report.Node == member.Node) continue;
            if (_told.TryGetValue(name, out var told) && told.Revision == revision && Now - told.At < RepeatInterval) continue;
            if ((report is null && !MayStart(member)) || PodPorts.Unknown(member, _reports) is not null) continue;
            _told[name] = (revision, Now);
            Agent(member).Tell(new AgentProtocol.Run(member.Launch));
        }
    }

    /// <summary>Whether all that it is first begun after are ready.</summary>
    private bool MayStart(MemberOrder member) => member.After.IsEmpty || Wanted().Where(other => member.After.Contains(other.Launch.Instance)).All(IsUp);

    private void Settle(InstanceOrder order)
    {
        var waiting = Wanted().FirstOrDefault(member => !IsUp(member));
        if (waiting is not null)
        {
            _message = _reports.TryGetValue(waiting.Launch.Instance, out var report) ? report.Message
                : !MayStart(waiting) ? $"{waiting.Launch.Instance} begins after {string.Join(", ", waiting.After)}"
                : PodPorts.Unknown(waiting, _reports) is { } port ? $"{waiting.Launch.Instance} begins when port {port.Port} of {port.Process} is known" : $"agent {waiting.Node} has not reported it";
            if (_stage != InstanceStage.Loading && !_state.IsDone) _stage = InstanceStage.Starting;
            return;
        }

        _message = "";
        if (!_state.IsDone && order.After is { } hook && !_afterDone)
        {
            if (_stage != InstanceStage.Loading) _hookDeadline = null;
            _stage = InstanceStage.Loading;
            if (!AskHook(hook, order)) return;
            _afterDone = true;
        }

        _stage = InstanceStage.Settled;
        if (!_state.IsDone) Persist(new RoleInstanceEvents.OrderDone(), Apply);
    }

    private bool IsUp(MemberOrder member) => _reports.TryGetValue(member.Launch.Instance, out var report)
        && report.IsReady && report.Revision == member.Launch.Revision && report.Node == member.Node;

    private void End(InstanceOrder order) => Persist(new RoleInstanceEvents.RemovalDone(), done =>
    {
        Apply(done);
        Timers.Cancel(nameof(Step));
        (_stage, _lastTold) = (InstanceStage.None, null);
        _reports.Clear();
        _told.Clear();
        _cleared.Clear();
        _regions().Rollouts.Tell(new RoleInstanceProtocol.Gone(order.Group, order.Role, order.Ordinal));
    });

    private void TellCoordinator(bool always = false)
    {
        if (_state.Order is not { } order)
        {
            if (always && InstanceIds.TryParse(_id, out var group, out var role, out var ordinal))
                _regions().Rollouts.Tell(new RoleInstanceProtocol.Observed(group, role, ordinal, "", InstanceStage.None, IsReady: false, [], ""));
            return;
        }

        var isReady = _stage == InstanceStage.Settled && Wanted().All(IsUp);
        ImmutableArray<AgentProtocol.InstanceReport> members = [.. order.Members.Select(member => _reports.GetValueOrDefault(member.Launch.Instance)).OfType<AgentProtocol.InstanceReport>()];
        var observed = new RoleInstanceProtocol.Observed(order.Group, order.Role, order.Ordinal, order.Revision, _stage, isReady, members, isReady ? "" : _message) { Agents = order.Agents, Devices = order.Devices };
        if (!always && _lastTold is { } last && last with { Members = observed.Members } == observed && SayTheSame(last.Members, observed.Members)) return;
        _lastTold = observed;
        _regions().Rollouts.Tell(observed);
    }

    private static bool SayTheSame(ImmutableArray<AgentProtocol.InstanceReport> some, ImmutableArray<AgentProtocol.InstanceReport> others) =>
        some.Length == others.Length && some.Zip(others).All(pair => pair.First.SaysTheSameAs(pair.Second));

    private static ActorSelection Agent(MemberOrder member) => Context.ActorSelection(member.AgentPath);

    private sealed record RestartDue(int Failures, string Cause);

    private sealed record Step
    {
        public static readonly Step Instance = new();
    }
}

/// <summary>Ids of role instances, read back.</summary>
public static class InstanceIds
{
    public static bool TryParse(string id, out string group, out string role, out int ordinal)
    {
        (group, role, ordinal) = ("", "", 0);
        if (id.Split('/') is not [var first, var second, var third]) return false;
        (group, role) = (first, second);
        return int.TryParse(third, System.Globalization.CultureInfo.InvariantCulture, out ordinal);
    }
}
