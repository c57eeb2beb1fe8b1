using Akka.Actor;

namespace Akka.Dispatch.MessageQueues;

/// <summary>Smallest priority number first; messages of one priority in their order of arrival.</summary>
public class UnboundedPriorityMessageQueue : IMessageQueue, IUnboundedDequeBasedMessageQueueSemantics
{
    private readonly Func<object, int> _priorityGenerator;
    private readonly PriorityQueue<Envelope, (int Priority, long Arrival)> _queue;
    private readonly Stack<Envelope> _front = new();
    private long _arrivals;

    public UnboundedPriorityMessageQueue(Func<object, int> priorityGenerator, int initialCapacity)
    {
        _priorityGenerator = priorityGenerator;
        _queue = new PriorityQueue<Envelope, (int, long)>(initialCapacity);
    }

    public bool HasMessages => Count > 0;

    public int Count
    {
        get
        {
            lock (_queue) return _queue.Count + _front.Count;
        }
    }

    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        var priority = _priorityGenerator(envelope.Message);
        lock (_queue) _queue.Enqueue(envelope, (priority, _arrivals++));
    }

    public void EnqueueFirst(Envelope envelope)
    {
        lock (_queue) _front.Push(envelope);
    }

    public bool TryDequeue(out Envelope envelope)
    {
        lock (_queue) return _front.TryPop(out envelope) || _queue.TryDequeue(out envelope, out _);
    }

    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (TryDequeue(out var envelope)) deadletters.Enqueue(owner, envelope);
    }
}

/// <summary>The same: this queue is stable already.</summary>
public class UnboundedStablePriorityMessageQueue(Func<object, int> priorityGenerator, int initialCapacity)
    : UnboundedPriorityMessageQueue(priorityGenerator, initialCapacity);
