using Akka.Actor;
using Akka.TestKit;

namespace ActorInference.ActorEngine.Tests.Timing;

/// <summary>Tests that move the clock themselves.</summary>
public abstract class VirtualTimeTests() : EngineTest("""akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """)
{
    protected static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(30);

    protected TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    /// <summary>Waits until the actor has handled all that was sent before.</summary>
    protected async Task Settle(IActorRef actor) => await actor.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(60));
}
