using System.Collections.Immutable;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>
/// Owns the replicas of one role of a group: what it was last told, by people or by measurements, is declared in the group again
/// whenever that says otherwise.
/// </summary>
public sealed class ScalingAdapterActor : DeclaredObjectActor
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two measurements.</summary>
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromSeconds(5);

    private readonly IMetricSource _metrics;
    private ScalingAdapter? _adapter;
    private int? _replicas;
    private ScalingTarget? _target;
    private (long Generation, RoleBasedGroup Group)? _read;
    private ImmutableArray<Recommendation> _past = [];
    private bool _isMeasuring;
    private TimeSpan? _measuredAt;
    private string _message = "waits for its group";
    private string _reason = "";

    public ScalingAdapterActor(string name, Func<ControlRegions> regions, IMetricSource metrics, int snapshotEvery)
        : base(ObjectKind.Adapter, name, regions, LookInterval, snapshotEvery)
    {
        _metrics = metrics;
        Command<GroupProtocol.State>(OnGroup);
        Command<GroupProtocol.Rejected>(rejected => Unbind(rejected.Message));
        Command<GroupProtocol.Applied>(_ => { });
        Command<RolloutProtocol.Status>(OnStatus);
        Command<FleetProtocol.Agents>(OnAgents);
        Command<Measured>(OnMeasured);
    }

    public static Props Props(string name, Func<ControlRegions> regions, IMetricSource metrics, int snapshotEvery) =>
        Akka.Actor.Props.Create(() => new ScalingAdapterActor(name, regions, metrics, snapshotEvery));

    protected override void Read(string yaml)
    {
        var before = _adapter;
        _adapter = ObjectDocuments.Read<ScalingAdapter>(yaml);
        if (_adapter.Replicas is { } declared && declared != before?.Replicas) _replicas = declared;
        if (before is null || before.Group != _adapter.Group || before.Role != _adapter.Role) _target = null;
    }

    protected override void Apply(ObjectEvents.IObjectEvent @event)
    {
        if (@event is ObjectEvents.AdapterScaled scaled) (_replicas, _reason) = (scaled.Replicas, scaled.Reason);
        if (@event is not ObjectEvents.ObjectEnded) return;
        (_adapter, _replicas, _target, _past, _reason) = (null, null, null, [], "");
    }

    protected override ObjectSnapshots.IObjectSnapshot TakeSnapshot(ObjectSnapshots.Declaration declared) => new ObjectSnapshots.Adapter(declared, _replicas, _reason);

    /// <summary>What it was told last stands against what was declared before.</summary>
    protected override void Restore(ObjectSnapshots.IObjectSnapshot snapshot)
    {
        var taken = (ObjectSnapshots.Adapter)snapshot;
        (_replicas, _reason) = (taken.Replicas, taken.Reason);
    }

    protected override void LookAround()
    {
        if (Declared.IsDeleting)
        {
            End();
            return;
        }

        Regions.Groups.Tell(new GroupProtocol.GetState(_adapter!.Group));
    }

    protected override (ObjectEvents.IObjectEvent? Event, string Error) Scale(ObjectProtocol.Scale scale)
    {
        if (_adapter!.Autoscaling is { } bounds && (scale.Replicas < bounds.MinReplicas || scale.Replicas > bounds.MaxReplicas))
            return (null, $"replicas is {scale.Replicas}; expected {bounds.MinReplicas} to {bounds.MaxReplicas}, the bounds of its autoscaling.");
        return (scale.Replicas == _replicas ? null : new ObjectEvents.AdapterScaled(scale.Replicas, "it was asked for", scale.At), "");
    }

    protected override ObjectProtocol.State Describe(ImmutableArray<GroupNote> notes)
    {
        var (adapter, target) = (_adapter!, _target);
        ImmutableArray<ObjectPart> parts = target is null ? [] : [new ObjectPart(adapter.Role, $"{target.Ready}/{target.Replicas}", _reason)];
        return new ObjectProtocol.State(
            Kind, Name, Declared.Yaml, target is null ? "NotBound" : "Bound", $"{adapter.Group}/{adapter.Role}", _message, _replicas ?? target?.Replicas ?? 0, target?.Existing ?? 0,
            target?.Ready ?? 0, parts, Declared.CreatedAt, notes);
    }

    private void OnGroup(GroupProtocol.State state)
    {
        if (!Declared.Exists || Declared.IsDeleting || state.Group != _adapter!.Group) return;
        if (_read?.Generation != state.Generation) _read = (state.Generation, GroupYaml.ReadGroup(state.Desired));
        if (state.IsDeleting) Unbind("its group is being deleted");
        else if (_read.Value.Group.FindRole(_adapter.Role) is not { } role) Unbind($"group {_adapter.Group} has no role '{_adapter.Role}'");
        else if (Declared.Owner.Length > 0 && !role.Scaling.Enable) End();
        else Bind(role);
    }

    private void Bind(RoleSpec role)
    {
        if (_target is null) Note(isWarning: false, "SuccessfulBound", $"to {role.Name} of {_adapter!.Group}");
        _target = new ScalingTarget(role.Replicas, _target?.Existing ?? 0, _target?.Ready ?? 0);
        _message = "";
        // A role that was smaller or larger before its adapter came is moved into the bounds at once.
        if (_adapter!.Autoscaling is { } bounds && Math.Clamp(_replicas ?? role.Replicas, bounds.MinReplicas, bounds.MaxReplicas) is var within && within != (_replicas ?? role.Replicas))
        {
            Record(new ObjectEvents.AdapterScaled(within, "the bounds", DateTimeOffset.UtcNow), Enforce);
            return;
        }

        Enforce();
        Regions.Rollouts.Tell(new RolloutProtocol.GetStatus(_adapter.Group));
    }

    /// <summary>Unlike a group that is gone, one that only is not there yet is waited for.</summary>
    private void Unbind(string message)
    {
        if (!Declared.Exists) return;
        if (Declared.Owner.Length > 0)
        {
            End();
            return;
        }

        if (_target is not null) Note(isWarning: true, "NotBound", message);
        (_target, _message, _read) = (null, message, null);
    }

    private void Enforce()
    {
        if (_target is not { } target || _replicas is not { } replicas || replicas == target.Replicas) return;
        _target = target with { Replicas = replicas };
        Note(isWarning: false, "SuccessfulScale", $"{_adapter!.Role} from {target.Replicas} to {replicas}{(_reason.Length > 0 ? $": {_reason}" : "")}");
        Tell(_adapter.Role, replicas);
    }

    private void OnStatus(RolloutProtocol.Status status)
    {
        if (_target is not { } target || _adapter is null || status.Group != _adapter.Group) return;
        var instances = status.Instances.Where(instance => instance.Role == _adapter.Role).ToList();
        _target = target with { Existing = instances.Count, Ready = instances.Count(instance => instance.IsReady), Instances = status.Instances };
        var isDue = _measuredAt is not { } at || Context.System.Scheduler.MonotonicClock - at >= MeasureInterval || _metrics.IsImmediate;
        if (_adapter.Autoscaling is null || _isMeasuring || !isDue) return;
        Regions.Fleet.Tell(FleetProtocol.GetAgents.Instance);
    }

    private void OnAgents(FleetProtocol.Agents agents)
    {
        if (_isMeasuring || _target is not { } target || _adapter?.Autoscaling is null) return;
        (_isMeasuring, _measuredAt) = (true, Context.System.Scheduler.MonotonicClock);
        var addresses = agents.Present.ToDictionary(agent => agent.Node, agent => agent.Address);
        var role = _read?.Group.FindRole(_adapter.Role)?.OwnRole;
        var question = new MetricQuestion(_adapter.Group, _adapter.Role, role ?? _adapter.Role, target.Instances, addresses);
        var ready = target.Instances.Count(instance => instance.Role == _adapter.Role && instance.IsReady);
        _metrics.ReadAsync(question).PipeTo(Self, Self, values => new Measured(ready, values, ""), cause => new Measured(ready, ImmutableDictionary<ScalingMetric, double>.Empty, cause.GetBaseException().Message));
    }

    private void OnMeasured(Measured measured)
    {
        _isMeasuring = false;
        if (_target is not { } target || _adapter?.Autoscaling is not { } spec) return;
        var now = DateTimeOffset.UtcNow;
        // After a restart nobody knows what was recommended before: the present size was, so that it shrinks after a window only.
        if (_past.IsEmpty) _past = [new Recommendation(now, target.Replicas)];
        var decision = Autoscaler.Decide(spec, _adapter.Role, target.Replicas, measured.Ready, measured.Values, _past, now);
        _past = decision.Past;
        _message = measured.Error;
        _reason = decision.Reason;
        var wanted = decision.Replicas[_adapter.Role];
        if (wanted != _replicas) Record(new ObjectEvents.AdapterScaled(wanted, decision.Reason, now), Enforce);
        else Enforce();
        foreach (var (role, replicas) in decision.Replicas.Where(each => each.Key != _adapter.Role && _read?.Group.FindRole(each.Key) is { } other && other.Replicas != each.Value))
            Tell(role, replicas);
    }

    private void Tell(string role, int replicas) => Regions.Groups.Tell(new GroupProtocol.Scale(_adapter!.Group, role, replicas, DateTimeOffset.UtcNow));

    /// <param name="Ready">Instances that it is the average of.</param>
    private sealed record Measured(int Ready, IReadOnlyDictionary<ScalingMetric, double> Values, string Error);

    private sealed record ScalingTarget(int Replicas, int Existing, int Ready)
    {
        public ImmutableArray<RolloutProtocol.InstanceStatus> Instances { get; init; } = [];
    }
}
