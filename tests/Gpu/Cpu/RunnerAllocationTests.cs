using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>Runs when no other test does: the count is of the whole process.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class RunnerAllocationTests
{
    [Fact]
    public void A_warm_step_allocates_nothing_on_any_thread()
    {
        var fixture = Fixture.Load("qwen3");
        using var harness = new RunnerHarness(fixture.Folder, threads: 3);
        harness.Weights!.PackAll();
        var pages = Enumerable.Range(0, 4).Select(_ => harness.Allocate(128)).ToArray();
        var batch = new ForwardBatch();
        for (var i = 0; i < 20; i++) Step(harness, batch, fixture.Ids, pages, i);

        // Other threads of the test host allocate now and then; the least of several tries is what a step itself takes.
        var (mine, all) = (long.MaxValue, long.MaxValue);
        for (var round = 0; round < 20; round++)
        {
            var (mineBefore, allBefore) = (GC.GetAllocatedBytesForCurrentThread(), GC.GetTotalAllocatedBytes(precise: true));
            for (var i = 0; i < 10; i++) Step(harness, batch, fixture.Ids, pages, i);
            mine = Math.Min(mine, GC.GetAllocatedBytesForCurrentThread() - mineBefore);
            all = Math.Min(all, GC.GetTotalAllocatedBytes(precise: true) - allBefore);
        }

        Assert.Equal(0, mine);
        Assert.Equal(0, all);
    }

    /// <summary>A chunk of prefill and three decode tokens together.</summary>
    private static void Step(RunnerHarness harness, ForwardBatch batch, int[] ids, int[][] pages, int step)
    {
        batch.Clear();
        batch.Add(ids.AsSpan(0, 64), 0, pages[0], wantLogits: true);
        for (var i = 1; i < 4; i++) batch.Add(ids.AsSpan(step, 1), step, pages[i], wantLogits: true);
        harness.Runner.Forward(batch);
        harness.Runner.Logits(3)[0] = 0;
    }
}
