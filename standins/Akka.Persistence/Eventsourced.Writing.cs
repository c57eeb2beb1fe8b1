using Akka.Actor;

namespace Akka.Persistence;

/// <summary>After recovery: commands, their events on the way to the journal, and the journal's answers.</summary>
public abstract partial class Eventsourced
{
    private readonly Queue<PendingInvocation> _pendingInvocations = new();
    private readonly List<IPersistentEnvelope> _eventBatch = [];     // Of the handler that runs.
    private readonly List<IPersistentEnvelope> _journalBatch = [];   // Waiting for the journal's answer to the last batch.

    private long _sequenceNr;
    private int _pendingStashing;
    private int _maxMessageBatchSize;
    private bool _writeInProgress;
    private bool _asyncTaskRunning;
    private AfterTask _afterTask;

    /// <summary>What remains to be done when an asynchronous handler has ended.</summary>
    private enum AfterTask
    {
        Nothing,
        CompleteCommand,
        CompleteInvocation,
    }

    private void WhileProcessing(Receive receive, object message)
    {
        if (HandleJournalAnswer(message)) return;
        _commands.Handling(message);
        RunHandler(receive, message);
    }

    private void WhilePersisting(object message)
    {
        if (!HandleJournalAnswer(message)) _commands.Add(message);
    }

    /// <summary>Puts a message aside until recovery is over. Answers meant for an earlier incarnation are dropped.</summary>
    private void StashCommand(object message)
    {
        if (message is not (IJournalResponse or RecoveryTick or RecoveryPermitter.PermitGranted or LoadSnapshotResult or LoadSnapshotFailed))
            _commands.Add(message);
    }

    private void RunHandler(Receive receive, object message)
    {
        var failed = true;
        try
        {
            base.AroundReceive(receive, message);
            failed = false;
        }
        finally
        {
            if (_asyncTaskRunning && !failed) _afterTask = AfterTask.CompleteCommand;
            else CompleteCommand();
        }
    }

    private void AsyncTaskEnded()
    {
        _asyncTaskRunning = false;
        var after = _afterTask;
        _afterTask = AfterTask.Nothing;
        if (after == AfterTask.CompleteCommand) CompleteCommand();
        else if (after == AfterTask.CompleteInvocation) CompleteInvocation();
    }

    /// <summary>After a handler: its events go to the journal, and commands wait if it asked for that.</summary>
    private void CompleteCommand()
    {
        FlushEventBatch();
        if (_pendingStashing > 0) _phase = Phase.Persisting;
        else _commands.ReturnNext();
    }

    private void FlushEventBatch()
    {
        if (_eventBatch.Count == 0) return;
        foreach (var envelope in _eventBatch)
        {
            // Deferred handlers and single events may be parted; an atomic write is one envelope and stays whole.
            if (_journalBatch.Count >= _maxMessageBatchSize) FlushJournalBatch();
            _journalBatch.Add(envelope);
        }

        _eventBatch.Clear();
        FlushJournalBatch();
    }

    private void FlushJournalBatch()
    {
        if (_writeInProgress || _journalBatch.Count == 0) return;
        Journal.Tell(new WriteMessages(_journalBatch.ToArray(), Self, _instanceId), Self);
        _journalBatch.Clear();
        _writeInProgress = true;
    }

    /// <returns>Whether the message was one of persistence itself; those for an earlier incarnation are dropped.</returns>
    private bool HandleJournalAnswer(object message)
    {
        switch (message)
        {
            case WriteMessageSuccess success:
                if (success.ActorInstanceId == _instanceId) Persisted(success.Persistent.Payload, success.Persistent.SequenceNr);
                return true;
            case WriteMessagesSuccessful:
                _writeInProgress = false;
                FlushJournalBatch();
                return true;
            case LoopMessageSuccess loop:
                if (loop.ActorInstanceId == _instanceId) Persisted(loop.Message, LastSequenceNr);
                return true;
            case WriteMessageRejected rejected:
                if (rejected.ActorInstanceId == _instanceId) Rejected(rejected);
                return true;
            case WriteMessagesFailed:
                _writeInProgress = false;   // The failures of the single events follow and stop the actor.
                return true;
            case WriteMessageFailure failure:
                if (failure.ActorInstanceId == _instanceId) Failed(failure);
                return true;
            default:
                return message is RecoveryTick;   // One that was in the mailbox when recovery ended.
        }
    }

    private void Persisted(object payload, long sequenceNr)
    {
        LastSequenceNr = Math.Max(LastSequenceNr, sequenceNr);
        var failed = true;
        try
        {
            _pendingInvocations.Peek().Run(payload);
            failed = false;
        }
        finally
        {
            if (_asyncTaskRunning && !failed) _afterTask = AfterTask.CompleteInvocation;
            else CompleteInvocation();
        }
    }

    private void Rejected(WriteMessageRejected rejected)
    {
        LastSequenceNr = Math.Max(LastSequenceNr, rejected.Persistent.SequenceNr);
        try
        {
            OnPersistRejected(rejected.Cause, rejected.Persistent.Payload, rejected.Persistent.SequenceNr);
        }
        finally
        {
            CompleteInvocation();
        }
    }

    private void Failed(WriteMessageFailure failure)
    {
        _phase = Phase.Failed;
        try
        {
            OnPersistFailure(failure.Cause, failure.Persistent.Payload, failure.Persistent.SequenceNr);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    private void CompleteInvocation()
    {
        if (_pendingInvocations.Dequeue().Stashing) _pendingStashing--;
        FlushEventBatch();
        if (_phase == Phase.Persisting)
        {
            if (_pendingStashing > 0) return;
            _phase = Phase.Processing;
            _commands.ReturnNext();
        }
        else if (_pendingStashing > 0)
        {
            _phase = Phase.Persisting;   // The handler of a PersistAsync called Persist.
        }
    }
}
