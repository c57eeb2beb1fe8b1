using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>Marks an actor with a stash.</summary>
public interface IActorStash;

/// <summary>An actor that can put messages aside, and needs a mailbox that takes them back at its front.</summary>
public interface IWithStash : IActorStash, IRequiresMessageQueue<IDequeBasedMessageQueueSemantics>
{
    IStash Stash { get; set; }
}

public interface IWithUnboundedStash : IActorStash, IRequiresMessageQueue<IUnboundedDequeBasedMessageQueueSemantics>
{
    IStash Stash { get; set; }
}

/// <summary>The stash holds <c>Props.WithStashCapacity</c> messages, 100 by default.</summary>
public interface IWithBoundedStash : IActorStash, IRequiresMessageQueue<IBoundedDequeBasedMessageQueueSemantics>
{
    IStash Stash { get; set; }
}

/// <summary>Messages put aside. What is unstashed comes before all that is in the mailbox, in its first order.</summary>
public interface IStash
{
    int Count { get; }

    bool IsEmpty { get; }

    bool NonEmpty { get; }

    bool IsFull { get; }

    /// <summary>-1 without limit.</summary>
    int Capacity { get; }

    /// <summary>Puts the present message aside.</summary>
    /// <exception cref="StashOverflowException">The stash is full.</exception>
    /// <exception cref="IllegalActorStateException">It has been put aside already.</exception>
    void Stash();

    void Unstash();

    void UnstashAll();

    void UnstashAll(Func<Envelope, bool> predicate);

    IEnumerable<Envelope> ClearStash();

    void Prepend(IEnumerable<Envelope> envelopes);
}
