using System.Collections.Immutable;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>
/// Keeps the groups of a set: asks each how it is, and when all have answered does what <see cref="SetPlanner"/> says. A group that
/// went back to what it was, or was changed by hand, is not declared again until the template changes; it holds the others.
/// </summary>
public sealed class GroupSetActor : DeclaredObjectActor
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<int, GroupProtocol.State?> _states = [];
    private readonly Dictionary<int, RolloutProtocol.Status> _statuses = [];
    private readonly HashSet<int> _asked = [];
    private ImmutableSortedDictionary<int, string> _children = ImmutableSortedDictionary<int, string>.Empty;
    private RoleBasedGroupSet? _set;
    private string _template = "";
    private string _message = "";

    public GroupSetActor(string name, Func<ControlRegions> regions, int snapshotEvery)
        : base(ObjectKind.Set, name, regions, LookInterval, snapshotEvery)
    {
        Command<GroupProtocol.State>(state => Take(state.Group, state));
        Command<GroupProtocol.Rejected>(OnRejected);
        Command<GroupProtocol.Applied>(OnApplied);
        Command<RolloutProtocol.Status>(status =>
        {
            if (IndexOf(status.Group) is { } index) _statuses[index] = status;
            PlanIfComplete();
        });
    }

    public static Props Props(string name, Func<ControlRegions> regions, int snapshotEvery) => Akka.Actor.Props.Create(() => new GroupSetActor(name, regions, snapshotEvery));

    protected override void Read(string yaml)
    {
        _set = ObjectDocuments.Read<RoleBasedGroupSet>(yaml);
        _template = SpecRevision.OfWhole(_set.Template);
    }

    protected override void Apply(ObjectEvents.IObjectEvent @event) => _children = @event switch
    {
        ObjectEvents.ChildDeclared e => _children.SetItem(e.Index, e.Template),
        ObjectEvents.ChildEnded e => _children.Remove(e.Index),
        ObjectEvents.ObjectEnded => _children.Clear(),
        _ => _children,
    };

    protected override ObjectSnapshots.IObjectSnapshot TakeSnapshot(ObjectSnapshots.Declaration declared) =>
        new ObjectSnapshots.Set(declared, [.. _children.Select(child => new ObjectSnapshots.Child(child.Key, child.Value))]);

    protected override void Restore(ObjectSnapshots.IObjectSnapshot snapshot) =>
        _children = ((ObjectSnapshots.Set)snapshot).Children.ToImmutableSortedDictionary(child => child.Index, child => child.Template);

    protected override void LookAround()
    {
        _asked.Clear();
        _states.Clear();
        _statuses.Clear();
        foreach (var index in Enumerable.Range(0, _set!.Replicas).Union(_children.Keys)) _asked.Add(index);
        foreach (var index in _asked)
        {
            Regions.Groups.Tell(new GroupProtocol.GetState(_set.ChildName(index)));
            Regions.Rollouts.Tell(new RolloutProtocol.GetStatus(_set.ChildName(index)));
        }

        PlanIfComplete();
    }

    protected override (ObjectEvents.IObjectEvent? Event, string Error) Scale(ObjectProtocol.Scale scale)
    {
        if (Declared.IsDeleting) return (null, "it is being deleted.");
        if (scale.Replicas == _set!.Replicas) return (null, "");
        return (new ObjectEvents.ObjectDeclared(SpecWriter.Write(_set with { Replicas = scale.Replicas }), Declared.Owner, scale.At), "");
    }

    protected override ObjectProtocol.State Describe(ImmutableArray<GroupNote> notes)
    {
        var parts = Enumerable.Range(0, _set!.Replicas).Union(_children.Keys).Order().Select(Part).ToImmutableArray();
        var ready = parts.Count(part => part.Status == "Ready");
        var phase = Declared.IsDeleting ? "Deleting" : ready == _set.Replicas && parts.Length == _set.Replicas ? "Ready" : "Progressing";
        return new ObjectProtocol.State(Kind, Name, Declared.Yaml, phase, "", _message, _set.Replicas, _children.Count, ready, parts, Declared.CreatedAt, notes);
    }

    private ObjectPart Part(int index)
    {
        var name = _set!.ChildName(index);
        if (_states.GetValueOrDefault(index) is not { } state) return new ObjectPart(name, _children.ContainsKey(index) ? "Unknown" : "Missing", "");
        if (state.IsDeleting) return new ObjectPart(name, "Deleting", "");
        if (IsReady(index, state)) return new ObjectPart(name, "Ready", "");
        return _children.GetValueOrDefault(index) != _template
            ? new ObjectPart(name, "Outdated", "waits for the groups before it")
            : new ObjectPart(name, "Progressing", Deviation(state) ?? string.Join("; ", _statuses.GetValueOrDefault(index)?.Holds ?? []));
    }

    private void Take(string group, GroupProtocol.State? state)
    {
        if (IndexOf(group) is not { } index || !_asked.Remove(index)) return;
        _states[index] = state;
        PlanIfComplete();
    }

    private void OnRejected(GroupProtocol.Rejected rejected)
    {
        // A question is answered so by a group that is not there; a command, by one that cannot take it now.
        if (IndexOf(rejected.Group) is { } index && _asked.Contains(index)) Take(rejected.Group, null);
        else if (_message != rejected.Message) Note(isWarning: true, "Rejected", _message = rejected.Message);
    }

    private void OnApplied(GroupProtocol.Applied applied)
    {
        if (IndexOf(applied.Group) is not { } index || Declared.IsDeleting || index >= _set!.Replicas) return;
        // The template may have changed since this was sent: what the group has is what came with it.
        var template = applied.Tag.Length > 0 ? applied.Tag : _template;
        if (_children.GetValueOrDefault(index) == template) return;
        Record(new ObjectEvents.ChildDeclared(index, template), () => Note(isWarning: false, "Declared", $"{applied.Group} {applied.Outcome}"));
    }

    private void PlanIfComplete()
    {
        if (!Declared.Exists || _asked.Count > 0 || _states.Keys.Any(index => !_statuses.ContainsKey(index))) return;
        foreach (var index in _children.Keys.Where(index => _states.GetValueOrDefault(index) is null && (Declared.IsDeleting || index >= _set!.Replicas)).ToList())
            Record(new ObjectEvents.ChildEnded(index));
        var present = _states.Where(pair => pair.Value is not null).Select(pair => (Index: pair.Key, State: pair.Value!)).ToList();
        if (Declared.IsDeleting)
        {
            foreach (var (index, state) in present.Where(each => !each.State.IsDeleting)) Delete(index);
            if (present.Count == 0) End();
            return;
        }

        _message = string.Join("; ", present.Where(each => IsGiven(each.Index)).Select(each => Deviation(each.State)).OfType<string>());
        foreach (var action in SetPlanner.Next(_set!, [.. present.Select(each => Observe(each.Index, each.State))])) Do(action);
    }

    private void Do(SetAction action)
    {
        if (action is DeleteGroup) Delete(action.Index);
        else Regions.Groups.Tell(new GroupProtocol.Apply(_set!.ChildName(action.Index), SpecWriter.Write(_set.Child(action.Index)), Policy: null, DateTimeOffset.UtcNow) { Tag = _template });
    }

    private void Delete(int index) => Regions.Groups.Tell(new GroupProtocol.Delete(_set!.ChildName(index), DateTimeOffset.UtcNow), ActorRefs.NoSender);

    private ObservedGroup Observe(int index, GroupProtocol.State state) =>
        new(index, IsGiven(index) ? SpecRevision.Of(_set!.Template) : "", IsReady(index, state), state.IsDeleting);

    private bool IsGiven(int index) => _children.GetValueOrDefault(index) == _template;

    /// <summary>What a group is that was given the template and is not it any more; null if it is.</summary>
    private string? Deviation(GroupProtocol.State state) => state.Revisions[^1].Hash == SpecRevision.Of(_set!.Template)
        ? null
        : $"{state.Group} is at revision {state.Current}, which is not the set's: {state.Revisions[^1].Cause}";

    private bool IsReady(int index, GroupProtocol.State state) =>
        IsGiven(index) && Deviation(state) is null && !state.IsDeleting && state.Stable == state.Current
        && _statuses.TryGetValue(index, out var status) && status.Generation == state.Generation && status.IsDone;

    private int? IndexOf(string group) =>
        group.StartsWith(Name + "-", StringComparison.Ordinal) && int.TryParse(group[(Name.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture, out var index) ? index : null;
}
