using Akka.Actor;

namespace Akka.TestKit.TestActors;

/// <summary>Tells the test actor whatever it receives, and its sender too.</summary>
public class EchoActor : ReceiveActor
{
    public EchoActor(TestKitBase testkit, bool echoBackToSenderAsWell = true)
    {
        ReceiveAny(message =>
        {
            if (echoBackToSenderAsWell) Sender.Tell(message);
            testkit.TestActor.Tell(message, Sender);
        });
    }

    public static Props Props(TestKitBase testkit, bool echoBackToSenderAsWell = true) =>
        Actor.Props.Create(() => new EchoActor(testkit, echoBackToSenderAsWell));
}
