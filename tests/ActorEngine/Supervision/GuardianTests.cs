using Akka.Actor;
using static ActorInference.ActorEngine.Tests.LifecycleActor;

namespace ActorInference.ActorEngine.Tests.Supervision;

public sealed class GuardianTests() : EngineTest("""akka.actor.guardian-supervisor-strategy = "Akka.Actor.StoppingSupervisorStrategy" """)
{
    [Fact]
    public void The_guardians_strategy_is_the_configurations()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));
        Watch(actor);

        actor.Tell(new Fail(new TestFailure("first")));

        ExpectTerminated(actor);
    }

    [Fact]
    public void A_strategy_in_the_props_comes_before_the_actors_own()
    {
        var resume = new OneForOneStrategy(_ => Directive.Resume);
        var stop = new OneForOneStrategy(_ => Directive.Stop);
        var supervisor = Sys.ActorOf(Props.Create(() => new Supervisor(stop)).WithSupervisorStrategy(resume));
        supervisor.Tell(new StartChild(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)), "child"), TestActor);
        var child = ExpectMsg<IActorRef>();

        child.Tell(new Fail(new TestFailure("bearable")));
        child.Tell(new WhoAreYou(), TestActor);

        ExpectMsg<int>();
    }

    [Fact]
    public async Task A_failure_that_reaches_the_root_ends_the_system()
    {
        var system = ActorSystem.Create("doomed", """akka.actor.guardian-supervisor-strategy = "ActorInference.ActorEngine.Tests.Supervision.EscalatingStrategy, ActorInference.ActorEngine.Tests" """);
        var actor = system.ActorOf(Props.Create(() => new LifecycleActor(ActorRefs.Nobody)));

        actor.Tell(new Fail(new TestFailure("fatal")), ActorRefs.NoSender);

        await system.WhenTerminated.WaitAsync(TimeSpan.FromSeconds(60));
    }
}

public sealed class EscalatingStrategy : SupervisorStrategyConfigurator
{
    public override SupervisorStrategy Create() => new OneForOneStrategy(_ => Directive.Escalate);
}
