using ActorInference.Actors.Ids;
using ActorInference.Actors.Supervision;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorInference.Actors.Tests.Supervision;

public sealed class SupervisionStrategiesTests : TestKit
{
    public SupervisionStrategiesTests()
        : base("akka { loglevel = OFF, test { single-expect-default = 60s, default-timeout = 60s } }")
    {
    }

    [Fact]
    public void A_refused_batch_leaves_the_worker_as_it_was()
    {
        var worker = StartWorker();
        worker.Tell(1, TestActor);
        worker.Tell(new BatchRefusedException("Refused.", new ArgumentException("Shape.")), TestActor);
        worker.Tell(1, TestActor);

        ExpectMsg(1);
        ExpectMsg(2);
    }

    [Fact]
    public void Anything_else_begins_the_worker_again()
    {
        var worker = StartWorker();
        worker.Tell(1, TestActor);
        worker.Tell(new InvalidOperationException("Broken."), TestActor);
        worker.Tell(1, TestActor);

        ExpectMsg(1);
        ExpectMsg(1);
    }

    [Fact]
    public void A_worker_that_fails_again_and_again_is_stopped()
    {
        var worker = Watch(StartWorker());
        for (var i = 0; i < 20; i++) worker.Tell(new InvalidOperationException("Broken."), TestActor);

        ExpectTerminated(worker);
    }

    [Fact]
    public void A_role_actor_that_stopped_is_begun_again_under_its_name()
    {
        var role = Props.Create(() => new CountingActor());
        var supervisor = Sys.ActorOf(SupervisionStrategies.WithBackoff(role, "prefill-0"), "supervisor");
        IActorRef first = ActorRefs.Nobody;
        AwaitAssert(() => first = Resolve("/user/supervisor/prefill-0"), TimeSpan.FromSeconds(60));
        Watch(first);
        first.Tell(new WorkerStoppedException(new WorkerId("prefill-0")));
        ExpectTerminated(first);

        AwaitAssert(() => Assert.NotEqual(first, Resolve("/user/supervisor/prefill-0")), TimeSpan.FromSeconds(60));
        Assert.False(supervisor.IsNobody());
    }

    private IActorRef StartWorker() => ActorOf(Props.Create(() => new Parent())).Ask<IActorRef>("child", TimeSpan.FromSeconds(60)).GetAwaiter().GetResult();

    private IActorRef Resolve(string path) => Sys.ActorSelection(path).ResolveOne(TimeSpan.FromSeconds(1)).GetAwaiter().GetResult();

    private sealed class Parent : ReceiveActor
    {
        public Parent()
        {
            var child = Context.ActorOf(Props.Create(() => new CountingActor()));
            ReceiveAny(_ => Sender.Tell(child));
        }

        protected override SupervisorStrategy SupervisorStrategy() => SupervisionStrategies.ForGpuWorker();
    }

    private sealed class CountingActor : ReceiveActor
    {
        private int _count;

        public CountingActor()
        {
            Receive<int>(step => Sender.Tell(_count += step));
            Receive<Exception>(failure => throw failure);
        }
    }
}
