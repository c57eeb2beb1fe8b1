using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Pattern;

namespace Akka.Persistence.Journal;

/// <summary>
/// Base of journals that write by tasks. Writes of one persistence id keep their order because the actor waits for each
/// batch; batches of different ids run side by side, and their answers are sent in the order in which they came.
/// </summary>
public abstract class AsyncWriteJournal : ActorBase
{
    private readonly CircuitBreaker _breaker;
    private readonly AnswerQueue _answers;
    private readonly EventAdapters _adapters;

    protected AsyncWriteJournal()
    {
        var system = Context.System;
        var extension = Persistence.Instance.Apply(system);
        var config = extension.ConfigOf(Self);
        _adapters = extension.AdaptersOf(Self);
        var breaker = config.GetConfig("circuit-breaker");
        _breaker = new CircuitBreaker(
            system.Scheduler, breaker.GetInt("max-failures"), breaker.GetTimeSpan("call-timeout"), breaker.GetTimeSpan("reset-timeout"));
        _answers = new AnswerQueue();
    }

    /// <summary>Gives every stored event within the bounds, in order, to the callback.</summary>
    public abstract Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback);

    /// <summary>The highest sequence number ever used by that id, 0 if none.</summary>
    public abstract Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr);

    /// <summary>Writes batches. Null, or a list with null for each write that is durable and an exception for each that is rejected.
    /// A faulted task means that nothing is known about any of them.</summary>
    protected abstract Task<IImmutableList<Exception>?> WriteMessagesAsync(IEnumerable<AtomicWrite> messages);

    protected abstract Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr);

    /// <summary>Messages of the plug-in itself. True if handled.</summary>
    protected virtual bool ReceivePluginInternal(object message) => false;

    protected sealed override bool Receive(object message)
    {
        switch (message)
        {
            case WriteMessages write: HandleWrite(write); return true;
            case ReplayMessages replay: HandleReplay(replay); return true;
            case DeleteMessagesTo delete: HandleDelete(delete); return true;
            default: return ReceivePluginInternal(message);
        }
    }

    /// <summary>Applies event adapters and brings the payloads into the form that the journal keeps.</summary>
    protected IEnumerable<AtomicWrite> PreparePersistentBatch(IEnumerable<IPersistentEnvelope> batch) =>
        batch.OfType<AtomicWrite>().Select(write => new AtomicWrite(
            write.Payload.Select(e => _adapters.ToJournal(e).WithTimestamp(DateTime.UtcNow.Ticks)).ToImmutableList()));

    private void HandleWrite(WriteMessages write)
    {
        var self = Self;
        var envelopes = write.Messages.ToImmutableList();
        Task<IImmutableList<Exception>?> task;
        try
        {
            var prepared = PreparePersistentBatch(envelopes).ToImmutableList();
            task = prepared.IsEmpty
                ? Task.FromResult<IImmutableList<Exception>?>(null)
                : _breaker.WithCircuitBreaker(() => WriteMessagesAsync(prepared));
        }
        catch (Exception error)
        {
            task = Task.FromException<IImmutableList<Exception>?>(error);
        }

        _answers.Enqueue(task, outcome => Answer(write, envelopes, outcome, self));
    }

    private static void Answer(WriteMessages write, ImmutableList<IPersistentEnvelope> envelopes, Task<IImmutableList<Exception>?> outcome, IActorRef journal)
    {
        var target = write.PersistentActor;
        var failure = outcome.IsCompletedSuccessfully ? null : outcome.Exception?.GetBaseException() ?? new TaskCanceledException(outcome);
        var writes = envelopes.Sum(e => e is AtomicWrite ? e.Size : 0);
        target.Tell(failure is null ? WriteMessagesSuccessful.Instance : new WriteMessagesFailed(failure, writes), journal);

        var index = 0;
        foreach (var envelope in envelopes)
        {
            if (envelope is not AtomicWrite atomic)
            {
                target.Tell(new LoopMessageSuccess(envelope.Payload, write.ActorInstanceId), envelope.Sender);
                continue;
            }

            var rejection = failure is null ? outcome.Result?[index] : null;
            index++;
            foreach (var e in atomic.Payload) target.Tell(AnswerOf(e, failure, rejection, write.ActorInstanceId), e.Sender);
        }
    }

    private static object AnswerOf(IPersistentRepresentation e, Exception? failure, Exception? rejection, int instance) =>
        failure is not null ? new WriteMessageFailure(e, failure, instance)
        : rejection is not null ? new WriteMessageRejected(e, rejection, instance)
        : new WriteMessageSuccess(e, instance);

    private void HandleReplay(ReplayMessages replay)
    {
        var self = Self;
        var context = Context;
        ReplayAsync(context, replay).PipeTo(
            replay.PersistentActor, self,
            success: highest => new RecoverySuccess(highest),
            failure: error => new ReplayMessagesFailure(error));
    }

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
            foreach (var adapted in _adapters.FromJournal(stored))
                replay.PersistentActor.Tell(new ReplayedMessage(adapted), ActorRefs.NoSender);
        }).ConfigureAwait(false);
        return highest;
    }

    private void HandleDelete(DeleteMessagesTo delete)
    {
        _breaker.WithCircuitBreaker(() => DeleteMessagesToAsync(delete.PersistenceId, delete.ToSequenceNr)).PipeTo(
            delete.PersistentActor, Self,
            success: () => new DeleteMessagesSuccess(delete.ToSequenceNr),
            failure: error => new DeleteMessagesFailure(error, delete.ToSequenceNr));
    }

    /// <summary>Runs the answers of finished writes in the order in which the writes were asked for.</summary>
    private sealed class AnswerQueue
    {
        private readonly Lock _lock = new();
        private Task _last = Task.CompletedTask;

        public void Enqueue<T>(Task<T> work, Action<Task<T>> answer)
        {
            lock (_lock) _last = RunAsync(_last, work, answer);
        }

        private static async Task RunAsync<T>(Task previous, Task<T> work, Action<Task<T>> answer)
        {
            await previous.ConfigureAwait(false);
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            answer(work);
        }
    }
}
