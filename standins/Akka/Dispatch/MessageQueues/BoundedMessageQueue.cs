using System.Diagnostics;
using Akka.Actor;
using Akka.Event;

namespace Akka.Dispatch.MessageQueues;

/// <summary>
/// First in, first out, with a limit. A sender waits for room up to the push timeout, then its message is a dead letter.
/// </summary>
public class BoundedMessageQueue : IMessageQueue, IBoundedMessageQueueSemantics
{
    private readonly LinkedList<Envelope> _queue = new();
    private readonly int _capacity;

    /// <param name="capacity">Messages that may wait; at least 0.</param>
    /// <param name="pushTimeOut">How long a sender waits for room; negative for ever, zero not at all.</param>
    public BoundedMessageQueue(int capacity, TimeSpan pushTimeOut)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _capacity = capacity;
        PushTimeOut = pushTimeOut;
    }

    public TimeSpan PushTimeOut { get; set; }

    public bool HasMessages => Count > 0;

    public int Count
    {
        get
        {
            lock (_queue) return _queue.Count;
        }
    }

    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        if (TryEnqueue(envelope)) return;
        var system = ((IInternalActorRef)receiver).Provider;
        system.DeadLetters.Tell(new DeadLetter(envelope.Message, envelope.Sender, receiver), envelope.Sender);
    }

    public bool TryDequeue(out Envelope envelope)
    {
        lock (_queue)
        {
            if (_queue.First is not { } first)
            {
                envelope = default;
                return false;
            }

            envelope = first.Value;
            _queue.RemoveFirst();
            Monitor.Pulse(_queue);
            return true;
        }
    }

    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (TryDequeue(out var envelope)) deadletters.Enqueue(owner, envelope);
    }

    /// <summary>Puts a message back in front. It was counted once, so the limit does not hold it up.</summary>
    private protected void PushFront(Envelope envelope)
    {
        lock (_queue) _queue.AddFirst(envelope);
    }

    private bool TryEnqueue(Envelope envelope)
    {
        var started = Stopwatch.GetTimestamp();
        lock (_queue)
        {
            while (_queue.Count >= _capacity)
            {
                if (PushTimeOut < TimeSpan.Zero)
                {
                    Monitor.Wait(_queue);
                    continue;
                }

                var left = PushTimeOut - Stopwatch.GetElapsedTime(started);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_queue, left)) return false;
            }

            _queue.AddLast(envelope);
            return true;
        }
    }
}

/// <summary>A bounded queue whose owner can put messages back at the front.</summary>
public class BoundedDequeMessageQueue(int capacity, TimeSpan pushTimeOut)
    : BoundedMessageQueue(capacity, pushTimeOut), IBoundedDequeBasedMessageQueueSemantics
{
    public void EnqueueFirst(Envelope envelope) => PushFront(envelope);
}
