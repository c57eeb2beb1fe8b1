using Akka;
using Akka.Actor;
using Akka.Configuration;

namespace ActorInference.ActorEngine.Tests.Shutdown;

public sealed class CoordinatedShutdownTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Phases_run_in_order_and_end_the_system()
    {
        var system = Create();
        var shutdown = CoordinatedShutdown.Get(system);
        var order = new Journal();
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "late", order.Note("late"));
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "early", order.Note("early"));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "middle", order.Note("middle"));

        await shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(Deadline);

        Assert.Equal(["early", "middle", "late"], order.Entries);
        Assert.Equal(CoordinatedShutdown.ClrExitReason.Instance, shutdown.ShutdownReason);
        await system.WhenTerminated.WaitAsync(Deadline);
    }

    [Fact]
    public async Task Terminate_runs_the_phases()
    {
        var system = Create();
        var order = new Journal();
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceStop, "task", order.Note("ran"));

        await system.Terminate().WaitAsync(Deadline);

        Assert.Equal(["ran"], order.Entries);
    }

    [Fact]
    public async Task Tasks_of_one_phase_run_side_by_side_and_the_next_phase_waits_for_all()
    {
        var system = Create();
        var shutdown = CoordinatedShutdown.Get(system);
        var order = new Journal();
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "first", async () =>
        {
            first.SetResult();
            await second.Task.WaitAsync(Deadline);
            return await order.Note("first")();
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "second", async () =>
        {
            second.SetResult();
            await first.Task.WaitAsync(Deadline);
            return await order.Note("second")();
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "after", order.Note("after"));

        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Deadline);

        Assert.Equal(3, order.Entries.Count);
        Assert.Equal("after", order.Entries[2]);
    }

    [Fact]
    public async Task A_failing_task_does_not_stop_the_phases_that_follow()
    {
        var system = Create();
        var shutdown = CoordinatedShutdown.Get(system);
        var order = new Journal();
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "fails", () => Task.FromException<Done>(new TestFailure("task")));
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "after", order.Note("after"));

        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Deadline);

        Assert.Equal(["after"], order.Entries);
    }

    [Fact]
    public async Task A_late_task_is_left_behind_after_the_phases_timeout()
    {
        var system = Create("akka.coordinated-shutdown.phases.service-stop.timeout = 100ms");
        var shutdown = CoordinatedShutdown.Get(system);
        var order = new Journal();
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "never ends", () => new TaskCompletionSource<Done>().Task);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "after", order.Note("after"));

        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Deadline);

        Assert.Equal(["after"], order.Entries);
        Assert.Equal(TimeSpan.FromMilliseconds(100), shutdown.Timeout(CoordinatedShutdown.PhaseServiceStop));
    }

    [Fact]
    public async Task It_runs_once_however_often_it_is_asked_to()
    {
        var system = Create();
        var shutdown = CoordinatedShutdown.Get(system);
        var order = new Journal();
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "task", order.Note("ran"));

        await Task.WhenAll(
            shutdown.Run(CoordinatedShutdown.ClusterLeavingReason.Instance), shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance), system.Terminate())
            .WaitAsync(Deadline);

        Assert.Equal(["ran"], order.Entries);
        Assert.Equal(CoordinatedShutdown.ClusterLeavingReason.Instance, shutdown.ShutdownReason);
    }

    [Fact]
    public async Task A_phase_of_the_configuration_takes_its_place()
    {
        var system = Create(
            """
            akka.coordinated-shutdown.phases {
              drain.depends-on = [service-unbind]
              service-requests-done.depends-on = [service-unbind, drain]
            }
            """);
        var shutdown = CoordinatedShutdown.Get(system);
        var order = new Journal();
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "done", order.Note("done"));
        shutdown.AddTask("drain", "drain", order.Note("drain"));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "unbind", order.Note("unbind"));

        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Deadline);

        Assert.Equal(["unbind", "drain", "done"], order.Entries);
    }

    [Fact]
    public async Task It_can_begin_at_a_later_phase()
    {
        var system = Create();
        var shutdown = CoordinatedShutdown.Get(system);
        var order = new Journal();
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "before", order.Note("before"));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "from", order.Note("from"));

        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance, CoordinatedShutdown.PhaseServiceStop).WaitAsync(Deadline);

        Assert.Equal(["from"], order.Entries);
    }

    [Fact]
    public async Task A_phase_that_is_not_configured_is_refused()
    {
        var system = Create();

        Assert.Throws<ArgumentException>(
            () => CoordinatedShutdown.Get(system).AddTask("no-such-phase", "task", () => Task.FromResult(Done.Instance)));

        await system.Terminate().WaitAsync(Deadline);
    }

    private static ActorSystem Create(string config = "") =>
        ActorSystem.Create("shutdown", ConfigurationFactory.ParseString(
            config + "\nakka { stdout-loglevel = OFF, loglevel = ERROR, coordinated-shutdown.default-phase-timeout = 60s, coordinated-shutdown.phases.actor-system-terminate.timeout = 60s }"));

    private sealed class Journal
    {
        private readonly List<string> _entries = [];

        public IReadOnlyList<string> Entries
        {
            get
            {
                lock (_entries) return [.. _entries];
            }
        }

        public Func<Task<Done>> Note(string entry) => () =>
        {
            lock (_entries) _entries.Add(entry);
            return Task.FromResult(Done.Instance);
        };
    }
}
