using Akka.Actor;

namespace Akka.Dispatch.MessageQueues;

/// <summary>
/// First in, first out, without limit. A chain of segments: a sender claims a slot by one interlocked increment, then
/// publishes by writing the message into it; the one reader follows. Nothing is allocated until the first message.
/// </summary>
public class UnboundedMessageQueue : IMessageQueue, IUnboundedMessageQueueSemantics
{
    private const int FirstSegment = 4;   // Most actors are idle most of the time, and keep it.
    private const int SmallSegment = 8;
    private const int LargestSegment = 1024;

    private Segment _tail;   // Where senders write; never goes back.
    private Segment _head;   // Where the reader reads.
    private int _read;       // Slots of _head that are read.

    /// <summary>True as soon as a sender has claimed a slot, even before its message is readable.</summary>
    public virtual bool HasMessages
    {
        get
        {
            var head = HeadOrNull();
            if (head is null) return false;
            var read = Volatile.Read(ref _read);
            return read < head.Slots.Length ? read < Volatile.Read(ref head.Claimed) : Volatile.Read(ref head.Next) is not null;
        }
    }

    public virtual int Count
    {
        get
        {
            var segment = HeadOrNull();
            var count = -Volatile.Read(ref _read);
            for (; segment is not null; segment = Volatile.Read(ref segment.Next))
                count += Math.Min(Volatile.Read(ref segment.Claimed), segment.Slots.Length);
            return Math.Max(0, count);
        }
    }

    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        var segment = Volatile.Read(ref _tail) ?? First();
        while (true)
        {
            var index = Interlocked.Increment(ref segment.Claimed) - 1;
            var slots = segment.Slots;
            if ((uint)index < (uint)slots.Length)
            {
                ref var slot = ref slots[index];
                slot.Sender = envelope.Sender;
                Volatile.Write(ref slot.Message, envelope.Message);   // Publishes the slot.
                return;
            }

            segment = Extend(segment);
        }
    }

    public virtual bool TryDequeue(out Envelope envelope)
    {
        var head = HeadOrNull();   // Read only: writing back what was null would undo a sender's first segment.
        if (head is not null && _read == head.Slots.Length && !MoveOn(ref head)) head = null;
        if (head is null)
        {
            envelope = default;
            return false;
        }

        ref var slot = ref head.Slots[_read];
        var message = Volatile.Read(ref slot.Message);
        if (message is null)
        {
            if (_read >= Volatile.Read(ref head.Claimed))
            {
                envelope = default;
                return false;
            }

            message = AwaitPublication(ref slot);
        }

        envelope = new Envelope(message, slot.Sender);
        slot = default;   // What was read must not be kept alive by the segment.
        _read++;
        return true;
    }

    public virtual void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (TryDequeue(out var envelope)) deadletters.Enqueue(owner, envelope);
    }

    private static object AwaitPublication(ref Slot slot)
    {
        // The sender is between its claim and its write: an instruction away, unless it lost its core.
        var spin = default(SpinWait);
        object message;
        while ((message = Volatile.Read(ref slot.Message)) is null) spin.SpinOnce();
        return message;
    }

    private Segment HeadOrNull() => Volatile.Read(ref _head);

    private Segment First()
    {
        var segment = new Segment(FirstSegment);
        // The reader looks at _head, so a sender may claim only once both are there.
        var first = Interlocked.CompareExchange(ref _head, segment, null) ?? segment;
        return Interlocked.CompareExchange(ref _tail, first, null) ?? first;
    }

    private Segment Extend(Segment full)
    {
        var next = Volatile.Read(ref full.Next);
        if (next is null)
        {
            // Grow only while the reader lags behind, so that a queue that keeps up stays small.
            var lagging = !ReferenceEquals(Volatile.Read(ref _head), full) || Volatile.Read(ref _read) < full.Slots.Length / 2;
            var length = lagging ? Math.Min(full.Slots.Length * 2, LargestSegment) : SmallSegment;
            var fresh = new Segment(length);
            next = Interlocked.CompareExchange(ref full.Next, fresh, null) ?? fresh;
        }

        Interlocked.CompareExchange(ref _tail, next, full);
        return Volatile.Read(ref _tail);
    }

    private bool MoveOn(ref Segment head)
    {
        var next = Volatile.Read(ref head.Next);
        if (next is null) return false;
        Volatile.Write(ref _read, 0);
        Volatile.Write(ref _head, next);
        head = next;
        return true;
    }

    private struct Slot
    {
        public object Message;
        public IActorRef Sender;
    }

    private sealed class Segment(int length)
    {
        public readonly Slot[] Slots = new Slot[length];
        public int Claimed;
        public Segment Next;
    }
}
