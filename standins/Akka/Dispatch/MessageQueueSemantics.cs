using Akka.Actor;
using Akka.Dispatch.MessageQueues;

namespace Akka.Dispatch;

/// <summary>What an actor may ask of its mailbox, by <see cref="IRequiresMessageQueue{T}"/>.</summary>
public interface ISemantics;

public interface IMultipleConsumerSemantics : ISemantics;

public interface IBoundedMessageQueueSemantics : ISemantics
{
    TimeSpan PushTimeOut { get; }
}

public interface IUnboundedMessageQueueSemantics : ISemantics;

/// <summary>A queue that takes messages back at its front, as a stash does.</summary>
public interface IDequeBasedMessageQueueSemantics : ISemantics
{
    void EnqueueFirst(Envelope envelope);
}

public interface IUnboundedDequeBasedMessageQueueSemantics : IDequeBasedMessageQueueSemantics, IUnboundedMessageQueueSemantics;

public interface IBoundedDequeBasedMessageQueueSemantics : IDequeBasedMessageQueueSemantics, IBoundedMessageQueueSemantics;

/// <summary>Marks an actor that works only with a certain kind of mailbox.</summary>
public interface IRequiresMessageQueue<T>
    where T : ISemantics;

/// <summary>Marks a mailbox type with the queue that it makes.</summary>
public interface IProducesMessageQueue<TQueue>
    where TQueue : IMessageQueue;
