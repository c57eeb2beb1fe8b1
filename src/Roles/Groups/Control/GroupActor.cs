using ActorInference.Roles.Groups.Objects;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Owns what one group is declared to be, and its history; tells the coordinator, who brings it about.</summary>
public sealed class GroupActor : SnapshottedActor
{
    private const int NoteLimit = 200;

    private readonly Func<ControlRegions> _regions;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<GroupNote> _notes = [];
    private GroupState _state;
    private List<ObjectProtocol.Declare> _adapters = [];
    private long _adaptersOf = -1;

    /// <param name="snapshotEvery">Events between two snapshots.</param>
    public GroupActor(string name, Func<ControlRegions> regions, int snapshotEvery)
        : base(snapshotEvery)
    {
        // The fleet has the journal that a group of its name would have: that one gets a name that no other group's can be.
        PersistenceId = $"group-{name}" is var journal && journal != FleetActor.JournalId ? journal : $"group/{name}";
        _regions = regions;
        _state = GroupState.Empty(name);
        Recover<GroupEvents.IGroupEvent>(@event => _state = _state.Apply(@event));
        Command<GroupProtocol.Wake>(_ => Declare());
        Command<GroupProtocol.GetState>(_ => Sender.Tell(Answer()));
        Command<GroupProtocol.Note>(note => Add(note.Value));
        Command<ObjectProtocol.Done>(_ => { });   // An adapter is there.
        Command<ObjectProtocol.Refused>(_ => { });   // It is being deleted by hand, and made again when that is done.
        Command<GroupProtocol.IForGroup>(Decide);
    }

    public override string PersistenceId { get; }

    public static Props Props(string name, Func<ControlRegions> regions, int snapshotEvery) => Akka.Actor.Props.Create(() => new GroupActor(name, regions, snapshotEvery));

    protected override IGroupMessage TakeSnapshot() => ControlSnapshots.Group.Of(_state);

    protected override void Restore(object snapshot) => _state = ((ControlSnapshots.Group)snapshot).ToState(_state.Name);

    private void Decide(GroupProtocol.IForGroup command)
    {
        GroupDecision decision;
        try
        {
            decision = _state.Decide(command);
        }
        catch (SpecException wrong)
        {
            decision = new GroupDecision(new GroupProtocol.Rejected(_state.Name, wrong.Message), []);
        }

        var (reply, events) = decision;
        if (command is GroupProtocol.Apply tagged && reply is GroupProtocol.Applied answer) reply = answer with { Tag = tagged.Tag };
        var sender = Sender;
        if (command is GroupProtocol.Apply { IsDryRun: true })
        {
            sender.Tell(reply!);
            return;
        }

        PersistAll(events, OnPersisted);
        DeferAsync(command, _ =>
        {
            if (reply is not null) sender.Tell(reply);
            if (events.IsEmpty) return;
            Remember(command);
            Declare();
        });
    }

    private void OnPersisted(GroupEvents.IGroupEvent @event)
    {
        var existed = _state.Exists;
        _state = _state.Apply(@event);
        if (!existed && _state.Exists) _regions().Fleet.Tell(new FleetProtocol.AddGroup(_state.Name));
        if (existed && !_state.Exists) _regions().Fleet.Tell(new FleetProtocol.RemoveGroup(_state.Name));
        OnApplied();
    }

    private void Declare()
    {
        if (!_state.Exists)
        {
            _regions().Fleet.Tell(new FleetProtocol.RemoveGroup(_state.Name));
            return;
        }

        DeclareAdapters();
        _regions().Rollouts.Tell(new RolloutProtocol.Declare(
            _state.Name, _state.Generation, _state.Desired, _state.StableYaml.Length > 0 ? _state.StableYaml : _state.Desired, _state.Policy, _state.IsPaused, _state.IsDeleting));
    }

    /// <summary>A role that asks for it has an adapter, <c>group-role</c>, which ends when the role or the group does not ask any more.</summary>
    private void DeclareAdapters()
    {
        if (_adaptersOf != _state.Generation)
        {
            (_adaptersOf, _adapters) = (_state.Generation, []);
            var group = _state.IsDeleting ? null : GroupYaml.ReadGroup(_state.Desired);
            foreach (var role in group?.Roles.Where(role => role.Scaling.Enable) ?? [])
            {
                var name = $"{_state.Name}-{role.Name}";
                var adapter = new ScalingAdapter
                {
                    Metadata = ObjectMetadata.Named(name) with { Labels = role.Scaling.Labels },
                    Group = _state.Name,
                    Role = role.Name,
                    Autoscaling = role.Scaling.Autoscaling,
                };
                _adapters.Add(new ObjectProtocol.Declare(ObjectKind.Adapter, name, SpecWriter.Write(adapter), _state.Name, DateTimeOffset.UtcNow));
            }
        }

        foreach (var adapter in _adapters) _regions().Objects.Tell(adapter);
    }

    private object Answer() => _state.Exists
        ? new GroupProtocol.State(
            _state.Name, _state.Generation, _state.Desired, _state.Policy, _state.Revisions, _state.Current.Number, _state.Stable, _state.IsPaused, _state.IsDeleting,
            _state.CreatedAt, [.. _notes])
        : GroupProtocol.Rejected.NoGroup(_state.Name);

    private void Remember(GroupProtocol.IForGroup command)
    {
        var note = command switch
        {
            GroupProtocol.RollBack back => new GroupNote(back.At, IsWarning: true, "RolledBack", _state.Name, $"to revision {_state.Current.Number}: {back.Reason}"),
            GroupProtocol.Promote promote => new GroupNote(promote.At, IsWarning: false, "RolledOut", _state.Name, $"revision {_state.Stable} is rolled out whole"),
            GroupProtocol.Apply apply => new GroupNote(apply.At, IsWarning: false, "Applied", _state.Name, $"revision {_state.Current.Number}"),
            GroupProtocol.Scale scale => new GroupNote(scale.At, IsWarning: false, "Scaled", _state.Name, $"{scale.Role} to {scale.Replicas}"),
            GroupProtocol.Undo undo => new GroupNote(undo.At, IsWarning: false, "Undone", _state.Name, $"as revision {_state.Current.Number}: {_state.Current.Cause}"),
            GroupProtocol.Restart restart => new GroupNote(restart.At, IsWarning: false, "Restarted", _state.Name, restart.Role.Length > 0 ? $"role {restart.Role}" : "all roles"),
            GroupProtocol.SetPaused pause => new GroupNote(pause.At, IsWarning: false, pause.IsPaused ? "Paused" : "Resumed", _state.Name, "the rollout"),
            GroupProtocol.Delete delete => new GroupNote(delete.At, IsWarning: false, "Deleting", _state.Name, "in the reverse order of dependencies"),
            _ => null,
        };
        if (note is not null) Add(note);
    }

    private void Add(GroupNote note)
    {
        if (note.IsWarning) _log.Warning("{0}: {1}: {2}", note.Subject, note.Reason, note.Message);
        var same = _notes.FindIndex(each => each.Reason == note.Reason && each.Subject == note.Subject && each.Message == note.Message);
        if (same >= 0)
        {
            note = note with { Count = _notes[same].Count + 1 };
            _notes.RemoveAt(same);
        }

        _notes.Add(note);
        if (_notes.Count > NoteLimit) _notes.RemoveAt(0);
    }
}

/// <summary>Where the actors of groups are reached: one region each.</summary>
/// <param name="Fleet">Knows all groups and agents.</param>
/// <param name="Objects">Sets, adapters and warm-ups.</param>
public sealed record ControlRegions(IActorRef Fleet, IActorRef Groups, IActorRef Rollouts, IActorRef Instances, IActorRef Objects);
