using Akka.Actor;
using Akka.Configuration;

namespace ActorInference.ActorEngine.Tests.Dispatching;

public sealed class DispatcherTests() : EngineTest(
    """
    pinned.type = PinnedDispatcher

    two-threads {
      type = ForkJoinDispatcher
      throughput = 1
      dedicated-thread-pool.thread-count = 2
    }

    akka.actor.deployment."/deployed".dispatcher = pinned
    """)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_pinned_actor_stays_on_a_thread_of_its_own()
    {
        var first = Sys.ActorOf(Props.Create(() => new TellsItsThread()).WithDispatcher("pinned"));
        var second = Sys.ActorOf(Props.Create(() => new TellsItsThread()).WithDispatcher("pinned"));

        var firstThreads = await Threads(first, 50);
        var secondThreads = await Threads(second, 50);

        Assert.Single(firstThreads);
        Assert.Single(secondThreads);
        Assert.NotEqual(firstThreads.Single(), secondThreads.Single());
    }

    [Fact]
    public async Task A_pinned_actor_that_blocks_holds_up_nobody_else()
    {
        using var gate = new ManualResetEventSlim();
        var blocked = Enumerable.Range(0, 2 * Environment.ProcessorCount)
            .Select(_ => Sys.ActorOf(Props.Create(() => new Blocks(gate)).WithDispatcher("pinned")))
            .ToList();
        foreach (var actor in blocked) actor.Tell("block");

        var free = Sys.ActorOf(Props.Create(() => new TellsItsThread()));
        await free.Ask<int>("thread", Deadline);

        gate.Set();
        foreach (var actor in blocked) Assert.Equal("released", await actor.Ask<string>("block", Deadline));
    }

    [Fact]
    public async Task A_dedicated_pool_has_as_many_threads_as_it_says()
    {
        var actors = Enumerable.Range(0, 20)
            .Select(_ => Sys.ActorOf(Props.Create(() => new TellsItsThread()).WithDispatcher("two-threads")))
            .ToList();

        var threads = new HashSet<int>();
        for (var round = 0; round < 20; round++)
        {
            foreach (var thread in await Task.WhenAll(actors.Select(actor => actor.Ask<int>("thread", Deadline)))) threads.Add(thread);
        }

        Assert.InRange(threads.Count, 1, 2);
    }

    [Fact]
    public async Task A_deployment_can_name_the_dispatcher()
    {
        var actor = Sys.ActorOf(Props.Create(() => new TellsItsThread()), "deployed");

        Assert.Single(await Threads(actor, 50));
    }

    [Fact]
    public void A_dispatcher_that_is_not_configured_is_refused()
    {
        Assert.Throws<ConfigurationException>(() => Sys.ActorOf(Props.Create(() => new TellsItsThread()).WithDispatcher("no-such-dispatcher")));
    }

    [Fact]
    public void An_actor_runs_on_one_thread_at_a_time_and_sees_what_it_wrote()
    {
        const int Senders = 4;
        const int Each = 20_000;
        var counter = Sys.ActorOf(Props.Create(() => new Counter()));

        Parallel.For(0, Senders, _ =>
        {
            for (var i = 0; i < Each; i++) counter.Tell("count", ActorRefs.NoSender);
        });
        counter.Tell("report", TestActor);

        ExpectMsg(Senders * Each, Deadline);
    }

    private static async Task<HashSet<int>> Threads(IActorRef actor, int times)
    {
        var threads = new HashSet<int>();
        for (var i = 0; i < times; i++) threads.Add(await actor.Ask<int>("thread", Deadline));
        return threads;
    }

    private sealed class TellsItsThread : ReceiveActor
    {
        public TellsItsThread() => ReceiveAny(_ => Sender.Tell(Environment.CurrentManagedThreadId));
    }

    private sealed class Blocks : ReceiveActor
    {
        public Blocks(ManualResetEventSlim gate) => ReceiveAny(_ =>
        {
            gate.Wait(Deadline);
            Sender.Tell("released");
        });
    }

    private sealed class Counter : ReceiveActor
    {
        private int _count;   // Not guarded on purpose.

        public Counter()
        {
            Receive<string>(text => text == "count", _ => _count++);
            Receive<string>(_ => Sender.Tell(_count));
        }
    }
}
