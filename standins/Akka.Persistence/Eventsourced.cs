using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>
/// An actor whose state is rebuilt from its journal. Commands that come while it recovers, or while events of Persist are
/// on their way to the journal, wait in a stash of their own.
/// </summary>
public abstract partial class Eventsourced : ActorBase, IWithUnboundedStash
{
    private static int _instanceCounter;

    private readonly int _instanceId = Interlocked.Increment(ref _instanceCounter);
    private readonly string _writerGuid = Guid.NewGuid().ToString();
    private readonly CommandStash _commands;
    private ILoggingAdapter _log;
    private IActorRef _journal;
    private IActorRef _snapshotStore;

    protected Eventsourced()
    {
        Extension = Persistence.Instance.Apply(Context.System);
        _commands = new CommandStash((ActorCell)Context);
    }

    /// <summary>Names this actor's events for ever; unique among all persistent actors.</summary>
    public abstract string PersistenceId { get; }

    public virtual Recovery Recovery => Recovery.Default;

    /// <summary>Empty for the default journal.</summary>
    public string JournalPluginId { get; protected set; }

    /// <summary>Empty for the default snapshot store.</summary>
    public string SnapshotPluginId { get; protected set; }

    /// <summary>The stash of the actor itself, apart from the one that holds commands back.</summary>
    public IStash Stash { get; set; }

    /// <summary>The highest number among the events replayed and persisted so far; 0 before the first.</summary>
    public long LastSequenceNr { get; private set; }

    public long SnapshotSequenceNr => LastSequenceNr;

    public string SnapshotterId => PersistenceId;

    public bool IsRecovering => _phase is Phase.WaitingForPermit or Phase.LoadingSnapshot or Phase.Replaying or Phase.Failed;

    public bool IsRecoveryFinished => !IsRecovering;

    public IActorRef Journal => _journal ??= Extension.JournalFor(JournalPluginId);

    public IActorRef SnapshotStore => _snapshotStore ??= Extension.SnapshotStoreFor(SnapshotPluginId);

    protected PersistenceExtension Extension { get; }

    protected virtual ILoggingAdapter Log => _log ??= Context.GetLogger();

    protected abstract bool ReceiveRecover(object message);

    protected abstract bool ReceiveCommand(object message);

    /// <summary>Persists an event; the handler runs when it is durable, and no command before that.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler) => Enqueue(@event, handler, stashing: true);

    /// <summary>Persists events all together or not at all; the handler runs for each, and no command before the last.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) => EnqueueAll(events, handler, stashing: true);

    /// <summary>Persists an event and lets commands in meanwhile.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler) => Enqueue(@event, handler, stashing: false);

    /// <summary>Persists events all together or not at all, and lets commands in meanwhile.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void PersistAllAsync<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) => EnqueueAll(events, handler, stashing: false);

    /// <summary>Runs the handler after those of all events persisted so far, at once if there are none; nothing is persisted.</summary>
    /// <exception cref="InvalidOperationException">The actor is recovering.</exception>
    public void DeferAsync<TEvent>(TEvent evt, Action<TEvent> handler)
    {
        ThrowIfRecovering();
        if (_pendingInvocations.Count == 0)
        {
            handler(evt);
            return;
        }

        _pendingInvocations.Enqueue(PendingInvocation.Of(handler, stashing: false));
        _eventBatch.Add(new DeferredMessage(evt, Sender));
    }

    /// <summary>Deletes events up to and including this number; answers with DeleteMessagesSuccess or DeleteMessagesFailure.</summary>
    public void DeleteMessages(long toSequenceNr) => Journal.Tell(new DeleteMessagesTo(PersistenceId, toSequenceNr, Self));

    /// <summary>Saves a state as of <see cref="SnapshotSequenceNr"/>; answers with SaveSnapshotSuccess or SaveSnapshotFailure.</summary>
    public void SaveSnapshot(object snapshot) =>
        SnapshotStore.Tell(new SaveSnapshot(new SnapshotMetadata(SnapshotterId, SnapshotSequenceNr), snapshot));

    public void LoadSnapshot(string persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr) =>
        SnapshotStore.Tell(new LoadSnapshot(persistenceId, criteria, toSequenceNr));

    /// <summary>Deletes one snapshot; answers with DeleteSnapshotSuccess or DeleteSnapshotFailure.</summary>
    public void DeleteSnapshot(long sequenceNr) => SnapshotStore.Tell(new DeleteSnapshot(new SnapshotMetadata(SnapshotterId, sequenceNr)));

    /// <summary>Deletes the snapshots meant; answers with DeleteSnapshotsSuccess or DeleteSnapshotsFailure.</summary>
    public void DeleteSnapshots(SnapshotSelectionCriteria criteria) => SnapshotStore.Tell(new DeleteSnapshots(SnapshotterId, criteria));

    /// <summary>Called when recovery failed; the actor stops afterwards.</summary>
    /// <param name="message">The event or offer at whose handling it failed; null if the journal or snapshot store did.</param>
    protected virtual void OnRecoveryFailure(Exception reason, object message = null)
    {
        if (message is null)
        {
            Log.Error(
                reason, "Recovery of [{0}] failed after sequence number [{1}]: {2} The actor stops.", PersistenceId, LastSequenceNr, reason.Message);
        }
        else
        {
            Log.Error(
                reason, "Recovery of [{0}] failed at [{1}], sequence number [{2}]: {3} The actor stops.",
                PersistenceId, message.GetType(), LastSequenceNr, reason.Message);
        }
    }

    /// <summary>Called when it is unknown whether an event is durable; the actor stops afterwards.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Log.Error(
            cause, "Writing [{0}] with sequence number [{1}] of [{2}] failed: {3} The actor stops.",
            @event.GetType(), sequenceNr, PersistenceId, cause.Message);

    /// <summary>Called when the journal refused an event without writing it; the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Log.Error(
            cause, "The journal refused [{0}] with sequence number [{1}] of [{2}]: {3}", @event.GetType(), sequenceNr, PersistenceId, cause.Message);

    /// <summary>Called after the last event, before RecoveryCompleted.</summary>
    protected virtual void OnReplaySuccess()
    {
    }

    /// <summary>Runs an asynchronous step of a handler; its events leave together at its end, and no command is handled before.</summary>
    protected void RunTask(Func<Task> action)
    {
        _asyncTaskRunning = true;
        ActorTaskScheduler.RunTask(async () =>
        {
            try
            {
                await action();
            }
            finally
            {
                AsyncTaskEnded();
            }
        });
    }

    /// <summary>What no handler took: failures of the stores are logged, and that recovery is over is no news.</summary>
    protected override void Unhandled(object message)
    {
        switch (message)
        {
            case RecoveryCompleted:
                break;
            case SaveSnapshotFailure failure:
                Log.Warning("Saving the snapshot {0} failed: {1}", failure.Metadata, failure.Cause.Message);
                break;
            case DeleteSnapshotFailure failure:
                Log.Warning("Deleting the snapshot {0} failed: {1}", failure.Metadata, failure.Cause.Message);
                break;
            case DeleteSnapshotsFailure failure:
                Log.Warning("Deleting the snapshots {0} of [{1}] failed: {2}", failure.Criteria, PersistenceId, failure.Cause.Message);
                break;
            case DeleteMessagesFailure failure:
                Log.Warning("Deleting the events of [{0}] to [{1}] failed: {2}", PersistenceId, failure.ToSequenceNr, failure.Cause.Message);
                break;
            default:
                base.Unhandled(message);
                break;
        }
    }

    private void Enqueue<TEvent>(TEvent @event, Action<TEvent> handler, bool stashing)
    {
        ThrowIfRecovering();
        AddInvocation(handler, stashing);
        _eventBatch.Add(new AtomicWrite(Next(@event)));
    }

    private void EnqueueAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler, bool stashing)
    {
        ThrowIfRecovering();
        ArgumentNullException.ThrowIfNull(events);
        var batch = ImmutableArray.CreateBuilder<IPersistentRepresentation>();
        foreach (var e in events)
        {
            AddInvocation(handler, stashing);
            batch.Add(Next(e));
        }

        if (batch.Count > 0) _eventBatch.Add(new AtomicWrite(batch.ToImmutable()));
    }

    private void AddInvocation<TEvent>(Action<TEvent> handler, bool stashing)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _pendingInvocations.Enqueue(PendingInvocation.Of(handler, stashing));
        if (stashing) _pendingStashing++;
    }

    private Persistent Next(object payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        return new Persistent(payload, ++_sequenceNr, PersistenceId, sender: Sender, writerGuid: _writerGuid);
    }

    private void ThrowIfRecovering()
    {
        if (IsRecovering)
            throw new InvalidOperationException("Events cannot be persisted during replay, but from RecoveryCompleted on.");
    }

    private Config JournalConfig => Extension.JournalConfigFor(JournalPluginId);

    /// <summary>A handler that waits for its event, called without a closure of its own.</summary>
    private readonly record struct PendingInvocation(Delegate Handler, Action<Delegate, object> Call, bool Stashing)
    {
        public static PendingInvocation Of<TEvent>(Action<TEvent> handler, bool stashing) => new(handler, Caller<TEvent>.Call, stashing);

        public void Run(object payload) => Call(Handler, payload);
    }

    private static class Caller<TEvent>
    {
        public static readonly Action<Delegate, object> Call = static (handler, payload) => ((Action<TEvent>)handler)((TEvent)payload);
    }

    private sealed record DeferredMessage(object Payload, IActorRef Sender) : IPersistentEnvelope
    {
        public int Size => 1;
    }
}
