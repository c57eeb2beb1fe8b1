using System.Collections.Immutable;
using Akka.Actor;
using Akka.Pattern;

namespace Akka.Persistence.Journal;

/// <summary>What all journals have: event adapters, and the form in which events reach the store.</summary>
public abstract class WriteJournalBase : ActorBase
{
    protected WriteJournalBase()
    {
        Extension = Persistence.Instance.Apply(Context.System);
        Adapters = Extension.AdaptersOf(Self);
    }

    private protected PersistenceExtension Extension { get; }

    private protected EventAdapters Adapters { get; }

    /// <summary>The atomic writes among the envelopes, adapted, without senders, and with the time of writing.</summary>
    protected IEnumerable<AtomicWrite> PreparePersistentBatch(IEnumerable<IPersistentEnvelope> resequenceables)
    {
        var now = DateTime.UtcNow.Ticks;
        var prepared = new List<AtomicWrite>();
        foreach (var envelope in resequenceables)
        {
            if (envelope is AtomicWrite write) prepared.Add(Prepare(write, now));
        }

        return prepared;
    }

    private AtomicWrite Prepare(AtomicWrite write, long now)
    {
        if (write.Size == 1) return new AtomicWrite(Prepare(write.Events[0], now));
        var events = ImmutableArray.CreateBuilder<IPersistentRepresentation>(write.Size);
        foreach (var e in write.Events) events.Add(Prepare(e, now));
        return new AtomicWrite(events.MoveToImmutable());
    }

    private IPersistentRepresentation Prepare(IPersistentRepresentation e, long now)
    {
        var adapted = Adapters.ToJournal(e);
        return adapted is Persistent persistent
            ? persistent with { Sender = ActorRefs.NoSender, Timestamp = now }
            : adapted.Update(e.SequenceNr, e.PersistenceId, e.IsDeleted, ActorRefs.NoSender, e.WriterGuid).WithTimestamp(now);
    }
}

/// <summary>
/// Base of journals that write by tasks. A persistent actor waits for each batch before it sends the next, so the writes
/// of one persistence id keep their order; batches of different ids run side by side, and are answered in the order in
/// which they came.
/// </summary>
public abstract class AsyncWriteJournal : WriteJournalBase
{
    private readonly CircuitBreaker _breaker;
    private Task _lastAnswer = Task.CompletedTask;

    protected AsyncWriteJournal()
    {
        var breaker = Extension.ConfigOf(Self).GetConfig("circuit-breaker");
        _breaker = new CircuitBreaker(
            Context.System.Scheduler, breaker.GetInt("max-failures"), breaker.GetTimeSpan("call-timeout"), breaker.GetTimeSpan("reset-timeout"));
    }

    /// <summary>Gives every stored event within the bounds, in order, to the callback.</summary>
    public abstract Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback);

    /// <summary>The highest sequence number ever used by that id, 0 if none; deleted events count.</summary>
    public abstract Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr);

    /// <summary>
    /// Makes writes durable. The result is null if all are, or has an entry for each write: null, or why it was rejected.
    /// A failed task says that it is unknown which of them are durable.
    /// </summary>
    protected abstract Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages);

    protected abstract Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr);

    /// <summary>Messages of the plug-in itself. True if handled.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    protected sealed override bool Receive(object message) => ReceiveWriteJournal(message) || ReceivePluginInternal(message);

    protected bool ReceiveWriteJournal(object message)
    {
        switch (message)
        {
            case WriteMessages write: HandleWrite(write); return true;
            case ReplayMessages replay: HandleReplay(replay); return true;
            case DeleteMessagesTo delete: HandleDelete(delete); return true;
            default: return false;
        }
    }

    private void HandleWrite(WriteMessages write)
    {
        var work = StartWrite(write);
        // The usual case of a journal in memory: nothing to wait for.
        if (work.IsCompleted && _lastAnswer.IsCompleted) Answer(write, work, Self);
        else _lastAnswer = AnswerAfterAsync(_lastAnswer, write, work, Self);
    }

    private Task<IImmutableList<Exception>> StartWrite(WriteMessages write)
    {
        try
        {
            var prepared = PreparePersistentBatch(write.Messages);
            if (prepared is ICollection<AtomicWrite> { Count: 0 }) return Task.FromResult<IImmutableList<Exception>>(null);
            return _breaker.WithCircuitBreaker(() => WriteMessagesAsync(prepared));
        }
        catch (Exception error)
        {
            return Task.FromException<IImmutableList<Exception>>(error);   // Of an event adapter, for instance.
        }
    }

    private static async Task AnswerAfterAsync(Task previous, WriteMessages write, Task<IImmutableList<Exception>> work, IActorRef journal)
    {
        await previous.ConfigureAwait(false);
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Answer(write, work, journal);
    }

    private static void Answer(WriteMessages write, Task<IImmutableList<Exception>> work, IActorRef journal)
    {
        var target = write.PersistentActor;
        if (!work.IsCompletedSuccessfully)
        {
            var cause = work.Exception?.GetBaseException() ?? new TaskCanceledException(work);
            target.Tell(new WriteMessagesFailed(cause, write.Messages.OfType<AtomicWrite>().Count()), journal);
            AnswerEach(write, (e, _) => new WriteMessageFailure(e, cause, write.ActorInstanceId));
            return;
        }

        target.Tell(WriteMessagesSuccessful.Instance, journal);
        if (work.Result is not { } rejections)
        {
            AnswerEach(write, (e, _) => new WriteMessageSuccess(e, write.ActorInstanceId));
            return;
        }

        AnswerEach(write, (e, index) => rejections[index] is { } cause
            ? new WriteMessageRejected(e, cause, write.ActorInstanceId)
            : new WriteMessageSuccess(e, write.ActorInstanceId));
    }

    private static void AnswerEach(WriteMessages write, Func<IPersistentRepresentation, int, object> answerOf)
    {
        var index = 0;
        foreach (var envelope in write.Messages)
        {
            if (envelope is AtomicWrite atomic)
            {
                for (var i = 0; i < atomic.Size; i++)
                {
                    var e = atomic.Events[i];
                    write.PersistentActor.Tell(answerOf(e, index), e.Sender);
                }

                index++;
            }
            else
            {
                write.PersistentActor.Tell(new LoopMessageSuccess(envelope.Payload, write.ActorInstanceId), envelope.Sender);
            }
        }
    }

    private void HandleReplay(ReplayMessages replay) => ReplayAsync(Context, replay).PipeTo(
        replay.PersistentActor, Self,
        success: highest => new RecoverySuccess(highest),
        failure: error => new ReplayMessagesFailure(error));

    private async Task<long> ReplayAsync(IActorContext context, ReplayMessages replay)
    {
        // Reading starts one below, so that the highest number is right also when the first event asked for is missing.
        var highest = await _breaker.WithCircuitBreaker(
            () => ReadHighestSequenceNrAsync(replay.PersistenceId, Math.Max(0L, replay.FromSequenceNr - 1))).ConfigureAwait(false);
        var to = Math.Min(replay.ToSequenceNr, highest);
        if (highest == 0L || replay.FromSequenceNr > to || replay.Max == 0L) return highest;
        await ReplayMessagesAsync(context, replay.PersistenceId, replay.FromSequenceNr, to, replay.Max, stored =>
        {
            if (stored.IsDeleted) return;
            foreach (var adapted in Adapters.FromJournal(stored))
                replay.PersistentActor.Tell(new ReplayedMessage(adapted), ActorRefs.NoSender);
        }).ConfigureAwait(false);
        return highest;
    }

    private void HandleDelete(DeleteMessagesTo delete) =>
        _breaker.WithCircuitBreaker(() => DeleteMessagesToAsync(delete.PersistenceId, delete.ToSequenceNr)).PipeTo(
            delete.PersistentActor, Self,
            success: () => new DeleteMessagesSuccess(delete.ToSequenceNr),
            failure: error => new DeleteMessagesFailure(error, delete.ToSequenceNr));
}
