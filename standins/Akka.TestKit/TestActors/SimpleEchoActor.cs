using Akka.Actor;

namespace Akka.TestKit.TestActors;

/// <summary>Answers with what it receives.</summary>
public class SimpleEchoActor : ReceiveActor
{
    public SimpleEchoActor() => ReceiveAny(message => Sender.Tell(message));

    public static Props Props() => Actor.Props.Create(() => new SimpleEchoActor());
}
