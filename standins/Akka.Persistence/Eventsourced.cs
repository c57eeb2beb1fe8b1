using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>
/// An actor whose state is rebuilt from its journal. Commands that come while it recovers, or while events of Persist are
/// on their way to the journal, wait in a stash of their own.
/// </summary>
public abstract partial class Eventsourced : ActorBase, IWithUnboundedStash
{
    private static int _instanceCounter;

    private readonly PersistenceExtension _extension;
    private readonly int _instanceId = Interlocked.Increment(ref _instanceCounter);
    private readonly string _writerGuid = Guid.NewGuid().ToString();
    private readonly IStash _internalStash;

    private readonly Queue<PendingInvocation> _pendingInvocations = new();
    private readonly List<IPersistentEnvelope> _eventBatch = [];
    private readonly List<IPersistentEnvelope> _journalBatch = [];

    private Phase _phase = Phase.WaitingForPermit;
    private long _sequenceNr;
    private int _pendingStashing;
    private int _maxMessageBatchSize;
    private bool _writeInProgress;
    private bool _asyncTaskRunning;
    private IActorRef _journal = ActorRefs.Nobody;
    private IActorRef _snapshotStore = ActorRefs.Nobody;

    private enum Phase
    {
        WaitingForPermit,
        LoadingSnapshot,
        Replaying,
        Processing,
        Persisting,
    }

    private readonly record struct PendingInvocation(object Event, Action<object> Handler, bool Stashing);

    protected Eventsourced()
    {
        _extension = Persistence.Instance.Apply(Context.System);
        _internalStash = ((ActorCell)Context).CreatePrivateStash();
        Log = Context.GetLogger();
    }

    /// <summary>Names this actor's events for ever; unique among all persistent actors.</summary>
    public abstract string PersistenceId { get; }

    public virtual Recovery Recovery => Recovery.Default;

    /// <summary>Empty for the default journal.</summary>
    public string JournalPluginId { get; protected set; } = "";

    /// <summary>Empty for the default snapshot store.</summary>
    public string SnapshotPluginId { get; protected set; } = "";

    /// <summary>The stash of the actor itself, apart from the one that holds commands back.</summary>
    public IStash Stash { get; set; } = null!;

    public long LastSequenceNr { get; private set; }

    public long SnapshotSequenceNr => LastSequenceNr;

    public bool IsRecovering => _phase is Phase.WaitingForPermit or Phase.LoadingSnapshot or Phase.Replaying;

    public bool IsRecoveryFinished => !IsRecovering;

    public IActorRef Journal => _journal.IsNobody() ? _journal = _extension.JournalFor(JournalPluginId) : _journal;

    public IActorRef SnapshotStore => _snapshotStore.IsNobody() ? _snapshotStore = _extension.SnapshotStoreFor(SnapshotPluginId) : _snapshotStore;

    protected ILoggingAdapter Log { get; }

    protected abstract bool ReceiveRecover(object message);

    protected abstract bool ReceiveCommand(object message);

    protected override bool Receive(object message) => ReceiveCommand(message);

    /// <summary>Persists an event; the handler runs when it is durable, and no command before that.</summary>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler) => Enqueue([@event!], e => handler((TEvent)e), stashing: true);

    /// <summary>Persists events all together or not at all; the handler runs for each.</summary>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) =>
        Enqueue(events.Cast<object>().ToArray(), e => handler((TEvent)e), stashing: true);

    /// <summary>Persists an event and lets commands in meanwhile.</summary>
    public void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler) => Enqueue([@event!], e => handler((TEvent)e), stashing: false);

    /// <inheritdoc cref="PersistAsync"/>
    public void PersistAllAsync<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) =>
        Enqueue(events.Cast<object>().ToArray(), e => handler((TEvent)e), stashing: false);

    /// <summary>Runs the handler after all events persisted so far, at once if there are none; nothing is persisted.</summary>
    public void DeferAsync<TEvent>(TEvent evt, Action<TEvent> handler)
    {
        ThrowIfRecovering();
        if (_pendingInvocations.Count == 0)
        {
            handler(evt);
            return;
        }

        _pendingInvocations.Enqueue(new PendingInvocation(evt!, e => handler((TEvent)e), Stashing: false));
        _eventBatch.Add(new DeferredMessage(evt!, Sender));
    }

    /// <summary>Deletes events up to and including this number; answers with DeleteMessagesSuccess or -Failure.</summary>
    public void DeleteMessages(long toSequenceNr) => Journal.Tell(new DeleteMessagesTo(PersistenceId, toSequenceNr, Self));

    public void SaveSnapshot(object snapshot) =>
        SnapshotStore.Tell(new SaveSnapshot(new SnapshotMetadata(PersistenceId, SnapshotSequenceNr), snapshot));

    public void LoadSnapshot(string persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr) =>
        SnapshotStore.Tell(new LoadSnapshot(persistenceId, criteria, toSequenceNr));

    public void DeleteSnapshot(long sequenceNr) =>
        SnapshotStore.Tell(new DeleteSnapshot(new SnapshotMetadata(PersistenceId, sequenceNr)));

    public void DeleteSnapshots(SnapshotSelectionCriteria criteria) => SnapshotStore.Tell(new DeleteSnapshots(PersistenceId, criteria));

    /// <summary>Called when recovery failed; the actor stops afterwards.</summary>
    protected virtual void OnRecoveryFailure(Exception reason, object? message = null) =>
        Log.Error(reason, "Recovery of {0} failed{1} after sequence number {2}", PersistenceId, message is null ? "" : $" at {message.GetType().Name}", LastSequenceNr);

    /// <summary>Called when it is unknown whether an event is durable; the actor stops afterwards.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Writing {0} with sequence number {1} of {2} failed", @event.GetType().Name, sequenceNr, PersistenceId);

    /// <summary>Called when the journal refused an event without writing it; the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Log.Warning("The journal rejected {0} with sequence number {1} of {2}: {3}", @event.GetType().Name, sequenceNr, PersistenceId, cause.Message);

    protected virtual void OnReplaySuccess()
    {
    }

    /// <summary>Suspends the persistent actor's own bookkeeping while a CommandAsync handler runs; its events leave together at the end.</summary>
    protected void RunTask(Func<Task> action)
    {
        _asyncTaskRunning = true;
        Dispatch.ActorTaskScheduler.RunTask(async () =>
        {
            try
            {
                await action();
            }
            finally
            {
                _asyncTaskRunning = false;
                CommandDone();
            }
        });
    }

    private void Enqueue(object[] events, Action<object> handler, bool stashing)
    {
        ThrowIfRecovering();
        if (events.Length == 0) return;
        var batch = ImmutableList.CreateBuilder<IPersistentRepresentation>();
        foreach (var e in events)
        {
            if (stashing) _pendingStashing++;
            _pendingInvocations.Enqueue(new PendingInvocation(e, handler, stashing));
            batch.Add(new Persistent(e, ++_sequenceNr, PersistenceId, sender: Sender, writerGuid: _writerGuid));
        }

        _eventBatch.Add(new AtomicWrite(batch.ToImmutable()));
    }

    private void ThrowIfRecovering()
    {
        if (IsRecovering) throw new InvalidOperationException("Events cannot be persisted during recovery.");
    }

    private sealed record DeferredMessage(object Payload, IActorRef Sender) : IPersistentEnvelope
    {
        public int Size => 1;
    }
}
