using Akka.Actor;

namespace Akka.Dispatch.MessageQueues;

/// <summary>An unbounded queue whose owner can put messages back at the front.</summary>
public class UnboundedDequeMessageQueue : UnboundedMessageQueue, IUnboundedDequeBasedMessageQueueSemantics
{
    // Only the owner's own run touches it, so it needs no lock; null until the first use.
    private Stack<Envelope> _front;

    public override bool HasMessages => _front is { Count: > 0 } || base.HasMessages;

    public override int Count => (_front?.Count ?? 0) + base.Count;

    public void EnqueueFirst(Envelope envelope) => (_front ??= new Stack<Envelope>()).Push(envelope);

    public override bool TryDequeue(out Envelope envelope) =>
        (_front is { Count: > 0 } && _front.TryPop(out envelope)) || base.TryDequeue(out envelope);
}
