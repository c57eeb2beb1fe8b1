using Akka.Actor;

namespace Akka.Dispatch.MessageQueues;

/// <summary>The user messages of one mailbox. Anyone enqueues; only the actor's own run dequeues.</summary>
public interface IMessageQueue
{
    bool HasMessages { get; }

    int Count { get; }

    void Enqueue(IActorRef receiver, Envelope envelope);

    bool TryDequeue(out Envelope envelope);

    /// <summary>Moves what is left to <paramref name="deadletters"/> when the owner has terminated.</summary>
    void CleanUp(IActorRef owner, IMessageQueue deadletters);
}
