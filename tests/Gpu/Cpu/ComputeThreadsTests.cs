using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Tests.Cpu;

public sealed class ComputeThreadsTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private sealed class CountingWork(int items) : ComputeWork
    {
        public readonly int[] Counts = new int[items];
        public readonly int[] ItemsOfWorker = new int[64];

        public override void Execute(int item, int worker)
        {
            Interlocked.Increment(ref Counts[item]);
            ItemsOfWorker[worker]++;
        }
    }

    private sealed class FailingWork : ComputeWork
    {
        public override void Execute(int item, int worker)
        {
            if (item == 5) throw new InvalidOperationException("item 5");
        }
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 1)]
    [InlineData(2, 1000)]
    [InlineData(5, 7)]
    [InlineData(8, 100)]
    public void Every_item_runs_once_in_every_dispatch(int threads, int items)
    {
        using var pool = new ComputeThreads(threads);
        var work = new CountingWork(items);

        for (var dispatch = 1; dispatch <= 2000; dispatch++)
        {
            pool.Run(work, items);
            if (dispatch % 500 == 0) Assert.All(work.Counts, count => Assert.Equal(dispatch, count));
        }

        Assert.Equal(2000 * items, work.ItemsOfWorker.Sum());
    }

    [Fact]
    public void Helpers_that_fell_asleep_wake_up_again()
    {
        using var pool = new ComputeThreads(3);
        var work = new RendezvousWork();

        for (var round = 0; round < 20; round++)
        {
            AwaitSleep(pool);
            work.Reset();
            pool.Run(work, 3);   // Each item waits for the others: without all three threads it would never end.
        }
    }

    [Fact]
    public void What_an_item_throws_reaches_the_caller_and_the_pool_works_on()
    {
        using var pool = new ComputeThreads(3);

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal("item 5", Assert.Throws<InvalidOperationException>(() => pool.Run(new FailingWork(), 100)).Message);
            var work = new CountingWork(10);
            pool.Run(work, 10);
            Assert.All(work.Counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Many_pools_on_few_cores_all_finish()
    {
        var callers = Enumerable.Range(0, 6).Select(_ => Task.Factory.StartNew(() =>
        {
            using var pool = new ComputeThreads(4);
            var work = new CountingWork(50);
            for (var i = 0; i < 500; i++) pool.Run(work, 50);
            return work.Counts.All(count => count == 500);
        }, TaskCreationOptions.LongRunning)).ToArray();

        Assert.True(Task.WaitAll(callers, Deadline));
        Assert.All(callers, caller => Assert.True(caller.Result));
    }

    [Fact]
    public void An_idle_pool_goes_to_sleep()
    {
        using var pool = new ComputeThreads(4);
        pool.Run(new CountingWork(100), 100);

        AwaitSleep(pool);
    }

    [Fact]
    public void Dispatching_allocates_nothing()
    {
        using var pool = new ComputeThreads(3);
        var work = new CountingWork(100);
        for (var i = 0; i < 100; i++) pool.Run(work, 100);

        // A collection that another test causes is counted to this thread now and then; the least of several rounds is what dispatching itself takes.
        var allocated = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 200; i++) pool.Run(work, 100);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
    }

    private static void AwaitSleep(ComputeThreads pool) =>
        Assert.True(SpinWait.SpinUntil(() => pool.Sleeping == pool.Count - 1, Deadline), "The helpers never went to sleep.");

    private sealed class RendezvousWork : ComputeWork
    {
        private readonly Barrier _barrier = new(3);

        public void Reset() => Assert.Equal(3, _barrier.ParticipantsRemaining);

        public override void Execute(int item, int worker) => Assert.True(_barrier.SignalAndWait(Deadline));
    }
}
