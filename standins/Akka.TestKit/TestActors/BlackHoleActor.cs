using Akka.Actor;

namespace Akka.TestKit.TestActors;

/// <summary>Takes everything, and does nothing.</summary>
public class BlackHoleActor : ActorBase
{
    public static Props Props { get; } = Actor.Props.Create<BlackHoleActor>();

    protected override bool Receive(object message) => true;
}
