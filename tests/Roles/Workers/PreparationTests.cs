using ActorInference.Gpu.Tests.Engine;
using ActorInference.Roles.Tests.Testing;
using Akka.Actor;

namespace ActorInference.Roles.Tests.Workers;

/// <summary>What makes a runner faster is done when nobody waits for it.</summary>
public sealed class PreparationTests : WorkerTestKit
{
    [Fact]
    public void A_worker_without_work_prepares_all_of_its_runner()
    {
        var left = 100;

        Start(() => Interlocked.Decrement(ref left) > 0, isFirst: false);

        AwaitCondition(() => Volatile.Read(ref left) == 0, Deadline.Limit);
    }

    [Fact]
    public void A_worker_that_is_prepared_first_is_ready_after_all_of_it()
    {
        var (left, readyBefore) = (100, 0);
        Start(
            () =>
            {
                // Asked once more in its first idle moment, which is after that.
                var now = Interlocked.Decrement(ref left);
                if (now >= 0 && Parent.HasMessages) Interlocked.Increment(ref readyBefore);
                return now > 0;
            },
            isFirst: true);

        Assert.True(Volatile.Read(ref left) <= 0);
        Assert.Equal(0, Volatile.Read(ref readyBefore));
    }

    [Fact]
    public void A_job_waits_for_a_part_of_what_is_to_be_prepared_only()
    {
        var worker = Start(() => true, isFirst: false);

        Continue(worker, promptTokens: 10);
    }

    private (IActorRef Worker, Guid Incarnation) Start(Func<bool> prepare, bool isFirst) =>
        Start(() => new ScriptedRunner(Pool) { Prepare = prepare }, options => options with { IsPreparedFirst = isFirst });
}
