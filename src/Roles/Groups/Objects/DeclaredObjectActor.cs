using System.Collections.Immutable;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>What the actors of sets, adapters and warm-ups share: to be declared, listed, asked, ended, and to look around now and then.</summary>
public abstract class DeclaredObjectActor : SnapshottedActor, IWithTimers
{
    private const int NoteLimit = 100;

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Func<ControlRegions> _regions;
    private readonly List<GroupNote> _notes = [];

    /// <param name="interval">Between two looks.</param>
    /// <param name="snapshotEvery">Events between two snapshots.</param>
    protected DeclaredObjectActor(ObjectKind kind, string name, Func<ControlRegions> regions, TimeSpan interval, int snapshotEvery)
        : base(snapshotEvery)
    {
        (Kind, Name, _regions, Interval) = (kind, name, regions, interval);
        PersistenceId = $"{kind.ToString().ToLowerInvariant()}-{name}";
        Recover<ObjectEvents.IObjectEvent>(Take);
        Command<ObjectProtocol.Declare>(OnDeclare);
        Command<ObjectProtocol.Delete>(OnDelete);
        Command<ObjectProtocol.Scale>(OnScale);
        Command<ObjectProtocol.Wake>(_ => OnWake());
        Command<ObjectProtocol.GetState>(_ => Sender.Tell(Declared.Exists ? Present() : Unknown()));
        Command<Look>(_ => OnLook());
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    protected ObjectKind Kind { get; }

    protected string Name { get; }

    protected DeclaredObject Declared { get; private set; } = DeclaredObject.None;

    protected ControlRegions Regions => _regions();

    private TimeSpan Interval { get; }

    /// <summary>Looks at the world, and does what is to be done. Only while it is declared.</summary>
    protected abstract void LookAround();

    /// <summary>The declaration has changed, also in recovery.</summary>
    protected abstract void Read(string yaml);

    /// <summary>State of its own kind.</summary>
    protected abstract void Apply(ObjectEvents.IObjectEvent @event);

    /// <summary>All that <see cref="Apply"/> has made.</summary>
    protected abstract ObjectSnapshots.IObjectSnapshot TakeSnapshot(ObjectSnapshots.Declaration declared);

    /// <summary>Takes the state of its own kind back; the declaration was read already.</summary>
    protected abstract void Restore(ObjectSnapshots.IObjectSnapshot snapshot);

    protected abstract ObjectProtocol.State Describe(ImmutableArray<GroupNote> notes);

    /// <returns>What to journal, or null with an error.</returns>
    protected virtual (ObjectEvents.IObjectEvent? Event, string Error) Scale(ObjectProtocol.Scale scale) => (null, $"{Kind} {Name} has no replicas; expected a set or an adapter.");

    protected sealed override IGroupMessage TakeSnapshot() => TakeSnapshot(ObjectSnapshots.Declaration.Of(Declared));

    protected sealed override void Restore(object snapshot)
    {
        var taken = (ObjectSnapshots.IObjectSnapshot)snapshot;
        Declared = taken.Declared.ToObject();
        if (Declared.Exists) Read(Declared.Yaml);
        Restore(taken);
    }

    protected override void OnReplaySuccess()
    {
        if (Declared.Exists) BeginToLook();
    }

    /// <summary>Journals, and then goes on.</summary>
    protected void Record(ObjectEvents.IObjectEvent @event, Action? after = null) => Persist(@event, written =>
    {
        Take(written);
        after?.Invoke();
    });

    protected void End() => Record(new ObjectEvents.ObjectEnded(), () =>
    {
        Timers.CancelAll();
        _notes.Clear();
        Regions.Fleet.Tell(new FleetProtocol.RemoveObject(Kind, Name));
    });

    protected void Note(bool isWarning, string reason, string message)
    {
        if (isWarning) _log.Warning("{0} {1}: {2}: {3}", Kind, Name, reason, message);
        var note = new GroupNote(DateTimeOffset.UtcNow, isWarning, reason, Name, message);
        var same = _notes.FindIndex(each => each.Reason == reason && each.Message == message);
        if (same >= 0)
        {
            note = note with { Count = _notes[same].Count + 1 };
            _notes.RemoveAt(same);
        }

        _notes.Add(note);
        if (_notes.Count > NoteLimit) _notes.RemoveAt(0);
    }

    private void Take(ObjectEvents.IObjectEvent @event)
    {
        Declared = Declared.Apply(@event);
        if (@event is ObjectEvents.ObjectDeclared declared) Read(declared.Yaml);
        Apply(@event);
        OnApplied();
    }

    private void OnDeclare(ObjectProtocol.Declare declare)
    {
        if (declare.Owner.Length > 0 && Declared.Exists && Declared.Owner.Length == 0) return;   // What people declare stays theirs.
        if (Declared is { Exists: true, IsDeleting: true })
        {
            Sender.Tell(Refused("is being deleted; apply it again when it is gone."));
            return;
        }

        if (Declared.Yaml == declare.Yaml && Declared.Owner == declare.Owner)
        {
            Sender.Tell(new ObjectProtocol.Done(Kind, Name, "unchanged"));
            return;
        }

        var sender = Sender;
        var outcome = Declared.Exists ? "configured" : "created";
        Record(new ObjectEvents.ObjectDeclared(declare.Yaml, declare.Owner, declare.At), () =>
        {
            sender.Tell(new ObjectProtocol.Done(Kind, Name, outcome));
            Regions.Fleet.Tell(new FleetProtocol.AddObject(Kind, Name));
            Note(isWarning: false, "Applied", outcome);
            BeginToLook();
        });
    }

    private void OnDelete(ObjectProtocol.Delete delete)
    {
        var sender = Sender;
        if (!Declared.Exists) sender.Tell(Unknown());
        else if (Declared.IsDeleting) sender.Tell(new ObjectProtocol.Done(Kind, Name, "unchanged"));
        else Record(new ObjectEvents.ObjectDeleting(), () =>
        {
            sender.Tell(new ObjectProtocol.Done(Kind, Name, "configured"));
            LookAround();
        });
    }

    private void OnScale(ObjectProtocol.Scale scale)
    {
        var sender = Sender;
        if (!Declared.Exists)
        {
            sender.Tell(Unknown());
            return;
        }

        var (@event, error) = scale.Replicas < 0 ? (null, $"replicas is {scale.Replicas}; expected at least 0.") : Scale(scale);
        if (error.Length > 0) sender.Tell(Refused(error));
        else if (@event is null) sender.Tell(new ObjectProtocol.Done(Kind, Name, "unchanged"));
        else Record(@event, () =>
        {
            sender.Tell(new ObjectProtocol.Done(Kind, Name, "configured"));
            LookAround();
        });
    }

    private void OnWake()
    {
        if (!Declared.Exists) Regions.Fleet.Tell(new FleetProtocol.RemoveObject(Kind, Name));
    }

    private void OnLook()
    {
        if (Declared.Exists) LookAround();
    }

    private void BeginToLook()
    {
        Timers.StartPeriodicTimer(nameof(Look), Look.Instance, Interval);
        Self.Tell(Look.Instance);
    }

    private ObjectProtocol.State Present() => Describe([.. _notes]) is var state && Declared.IsDeleting ? state with { Phase = "Deleting" } : state;

    private ObjectProtocol.Refused Unknown() => Refused("there is none of this name.") with { IsMissing = true };

    private ObjectProtocol.Refused Refused(string message) => new(Kind, Name, $"{Kind.ToString().ToLowerInvariant()} {Name}: {message}");

    private sealed record Look
    {
        public static readonly Look Instance = new();
    }
}

/// <summary>Documents of objects, and their ids.</summary>
public static class ObjectDocuments
{
    /// <summary>Names of groups have no underscore.</summary>
    private const char Separator = '_';

    /// <returns>Null if it is none of them.</returns>
    public static ObjectKind? KindOf(SpecDocument document) => document switch
    {
        RoleBasedGroupSet => ObjectKind.Set,
        ScalingAdapter => ObjectKind.Adapter,
        Warmup => ObjectKind.Warmup,
        _ => null,
    };

    public static string KindName(ObjectKind kind) => kind switch
    {
        ObjectKind.Set => RoleBasedGroupSet.KindName,
        ObjectKind.Adapter => ScalingAdapter.KindName,
        _ => Warmup.KindName,
    };

    /// <summary>Id of the sharded entity.</summary>
    public static string IdOf(ObjectKind kind, string name) => $"{kind}{Separator}{name}";

    /// <exception cref="FormatException">It is no id.</exception>
    public static (ObjectKind Kind, string Name) ParseId(string id)
    {
        var at = id.IndexOf(Separator);
        return at > 0 && Enum.TryParse<ObjectKind>(id[..at], out var kind) ? (kind, id[(at + 1)..]) : throw new FormatException($"'{id}' is no id of an object; expected kind_name.");
    }

    /// <exception cref="SpecException">It is none of this kind.</exception>
    public static T Read<T>(string yaml)
        where T : SpecDocument =>
        SpecReader.Read(yaml).Documents is [T document] ? document : throw new SpecException([new SpecError("", $"Expected one {typeof(T).Name} and nothing else.", 1)]);
}
