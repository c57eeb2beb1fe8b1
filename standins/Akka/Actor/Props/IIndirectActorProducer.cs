namespace Akka.Actor;

/// <summary>Makes actor instances in a way of its own, as dependency injection does.</summary>
public interface IIndirectActorProducer
{
    /// <summary>The type that is made; its interfaces decide the mailbox.</summary>
    Type ActorType { get; }

    /// <summary>A new instance for each start and each restart.</summary>
    ActorBase Produce();

    /// <summary>The instance has ended and will not be used again.</summary>
    void Release(ActorBase actor);
}
