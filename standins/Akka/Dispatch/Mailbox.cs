using System.Diagnostics;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch.MessageQueues;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>
/// What waits for one actor, and whether it is waiting, scheduled or running. At most one thread runs it at a time:
/// whoever sets the scheduled bit hands it to the dispatcher, and the run clears the bit when it ends.
/// </summary>
public class Mailbox : IRunnable
{
    private const int ClosedBit = 1;
    private const int ScheduledBit = 2;
    private const int SuspendUnit = 4;

    private ActorCell _actor;
    private int _status;             // Suspensions in units of SuspendUnit, and the two bits.
    private SystemMessage _system;   // Latest first; NoMessage.Instance once closed and drained.

    public Mailbox(IMessageQueue messageQueue)
    {
        MessageQueue = messageQueue;
    }

    public IMessageQueue MessageQueue { get; }

    public MessageDispatcher Dispatcher => _actor.Dispatcher;

    public bool HasMessages => MessageQueue.HasMessages;

    public int NumberOfMessages => MessageQueue.Count;

    internal bool HasSystemMessages => Volatile.Read(ref _system) is { } first && first != NoMessage.Instance;

    internal bool IsClosed => (Volatile.Read(ref _status) & ClosedBit) != 0;

    internal bool IsSuspended => Volatile.Read(ref _status) >= SuspendUnit;

    internal ActorCell Actor => _actor;

    public void Execute() => Run();

    public void Run()
    {
        var actor = _actor;
        var previous = InternalCurrentActorCellKeeper.Current;
        InternalCurrentActorCellKeeper.Current = actor;
        try
        {
            if (!IsClosed)
            {
                ProcessAllSystemMessages();
                ProcessUserMessages(actor);
            }
        }
        finally
        {
            InternalCurrentActorCellKeeper.Current = previous;
            SetAsIdle();
            actor.Dispatcher.Reschedule(this);
        }
    }

    internal virtual void Enqueue(IActorRef receiver, Envelope envelope)
    {
        MessageQueue.Enqueue(receiver, envelope);
        // The owner may have ended meanwhile, and nobody would read the message any more.
        if (IsClosed) CleanUp();
    }

    internal virtual void SystemEnqueue(IActorRef receiver, SystemMessage message)
    {
        Debug.Assert(message.Next is null, "A system message can wait in one mailbox only.");
        while (true)
        {
            var first = Volatile.Read(ref _system);
            if (first == NoMessage.Instance)
            {
                _actor?.SystemImpl.Mailboxes.DeadLetterMailbox.SystemEnqueue(receiver, message);
                return;
            }

            message.Next = first;
            if (Interlocked.CompareExchange(ref _system, message, first) == first) return;
        }
    }

    internal void SetActor(ActorCell actor) => _actor = actor;

    internal bool CanBeScheduled(bool hasMessageHint, bool hasSystemMessageHint)
    {
        var status = Volatile.Read(ref _status);
        if ((status & ~ClosedBit) == 0) return (status & ClosedBit) == 0 && (hasMessageHint || hasSystemMessageHint || HasSystemMessages || HasMessages);
        return (status & (ClosedBit | ScheduledBit)) == 0 && (hasSystemMessageHint || HasSystemMessages);
    }

    internal bool SetAsScheduled()
    {
        var status = Volatile.Read(ref _status);
        while ((status & (ClosedBit | ScheduledBit)) == 0)
        {
            var seen = Interlocked.CompareExchange(ref _status, status | ScheduledBit, status);
            if (seen == status) return true;
            status = seen;
        }

        return false;
    }

    internal void SetAsIdle() => Interlocked.And(ref _status, ~ScheduledBit);

    internal void SuspendOnce() => Interlocked.Add(ref _status, SuspendUnit);

    /// <summary>True if user messages flow again.</summary>
    internal bool ResumeOnce()
    {
        var status = Volatile.Read(ref _status);
        while (status >= SuspendUnit)
        {
            var seen = Interlocked.CompareExchange(ref _status, status - SuspendUnit, status);
            if (seen == status) return status - SuspendUnit < SuspendUnit;
            status = seen;
        }

        return true;
    }

    internal void BecomeClosed() => Interlocked.Or(ref _status, ClosedBit);

    /// <summary>Sends all that is left to dead letters. Anyone may call it once the mailbox is closed.</summary>
    internal virtual void CleanUp()
    {
        var deadLetters = _actor.SystemImpl.Mailboxes.DeadLetterMailbox;
        var system = Reverse(Interlocked.Exchange(ref _system, NoMessage.Instance));
        while (system is not null)
        {
            var message = system;
            system = message.Next;
            message.Next = null;
            deadLetters.SystemEnqueue(_actor.Self, message);
        }

        lock (this) MessageQueue.CleanUp(_actor.Self, deadLetters.MessageQueue);
    }

    private static SystemMessage Reverse(SystemMessage latestFirst)
    {
        SystemMessage earliestFirst = null;
        while (latestFirst is not null && latestFirst != NoMessage.Instance)
        {
            var next = latestFirst.Next;
            latestFirst.Next = earliestFirst;
            earliestFirst = latestFirst;
            latestFirst = next;
        }

        return earliestFirst;
    }

    private void ProcessUserMessages(ActorCell actor)
    {
        var dispatcher = actor.Dispatcher;
        var left = dispatcher.Throughput;
        var deadline = dispatcher.ThroughputDeadlineTime is { } limit && limit > 0 ? Environment.TickCount64 + limit : long.MaxValue;
        var queue = MessageQueue;
        while (left-- > 0 && _status < SuspendUnit && (_status & ClosedBit) == 0 && queue.TryDequeue(out var envelope))
        {
            actor.Invoke(envelope);
            if (Volatile.Read(ref _system) is not null) ProcessAllSystemMessages();
            if (deadline != long.MaxValue && Environment.TickCount64 >= deadline) return;
        }
    }

    private void ProcessAllSystemMessages()
    {
        while (true)
        {
            var first = Volatile.Read(ref _system);
            if (first is null || first == NoMessage.Instance) return;
            if (Interlocked.CompareExchange(ref _system, null, first) != first) continue;

            var message = Reverse(first);
            while (message is not null)
            {
                var next = message.Next;
                message.Next = null;
                if (IsClosed) _actor.SystemImpl.Mailboxes.DeadLetterMailbox.SystemEnqueue(_actor.Self, message);
                else _actor.SystemInvoke(message);
                message = next;
            }
        }
    }
}

/// <summary>The mailbox of every actor that has ended. Never runs.</summary>
internal sealed class DeadLetterMailbox : Mailbox
{
    private readonly IActorRef _deadLetters;

    public DeadLetterMailbox(IActorRef deadLetters)
        : base(new DeadLetterMessageQueue(deadLetters))
    {
        _deadLetters = deadLetters;
        BecomeClosed();
    }

    internal override void Enqueue(IActorRef receiver, Envelope envelope) => MessageQueue.Enqueue(receiver, envelope);

    internal override void SystemEnqueue(IActorRef receiver, SystemMessage message) =>
        _deadLetters.Tell(new Event.DeadLetter(message, receiver, receiver), receiver);

    internal override void CleanUp()
    {
    }
}
