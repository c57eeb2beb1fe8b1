using ActorInference.Actors.Kv;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Cuda.Tests.Runner;

/// <summary>Whole models through the CUDA backend: kernels, products, page tables and recorded steps.</summary>
public sealed class CudaModelRunnerTests
{
    [SkippableTheory]
    [InlineData("linear", 1e-4f)]
    [InlineData("llama3", 1e-2f)]
    [InlineData("qwen3", 6e-2f)]
    public void Logits_are_those_of_an_independent_implementation(string name, float tolerance)
    {
        EmulatedCuda.Require();
        var fixture = Fixture.Load(name);
        using var harness = new CudaHarness(fixture.Folder, poolTokens: 256);
        foreach (var (index, expected) in fixture.Logits)
        {
            var pages = harness.Allocate(index + 1);
            Near.EqualOverall(expected, harness.Prefill(fixture.Ids.AsSpan(0, index + 1), pages, chunk: 23), tolerance, $"{name} after {index + 1} tokens");
            harness.Pool.Release(pages);
        }
    }

    [SkippableFact]
    public void Heads_that_are_no_whole_loads_are_refused()
    {
        EmulatedCuda.Require();

        var error = Assert.Throws<ArgumentException>(() => new CudaHarness(Fixture.Load("qwen2").Folder).Dispose());

        Assert.Contains("A head of 10 elements of F32", error.Message);
    }

    [SkippableFact]
    public void Stories_go_on_token_by_token_as_the_reference_does()
    {
        EmulatedCuda.Require();
        var stories = Stories.Find();
        using var harness = new CudaHarness(stories.Folder);
        var cases = stories.Cases.Take(4).ToArray();

        var generated = harness.Greedy([.. cases.Select(c => c.PromptIds)], [.. cases.Select(c => Math.Min(40, c.GreedyIds.Length))], chunk: 7);

        for (var i = 0; i < cases.Length; i++) Assert.Equal(cases[i].GreedyIds.Take(generated[i].Count), generated[i]);
        Assert.True(harness.Runner.RecordedSteps > 0, "Steps of single tokens are recorded.");
    }

    [SkippableTheory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void The_shipped_model_says_on_tensor_cores_what_the_processor_says(bool useGraphs, bool overlapLaunches)
    {
        EmulatedCuda.Require();
        var folder = Path.Combine(AppContext.BaseDirectory, "models", "demo");
        var prompt = Enumerable.Range(0, 45).Select(i => (i * 131 + 7) % 2000).ToArray();
        var overlapping = EmulatedCuda.OverlappingLaunches;
        using var harness = new CudaHarness(folder, poolTokens: 128, useGraphs: useGraphs, overlapLaunches: overlapLaunches);
        var pages = harness.Allocate(48);

        var batch = new ForwardBatch();
        var actual = new List<float[]> { harness.Prefill(prompt, pages, chunk: 40) };
        for (var i = 0; i < 3; i++)
        {
            batch.Clear();
            batch.Add([100 + i], 45 + i, pages, wantLogits: true);
            harness.Runner.Forward(batch);
            actual.Add(harness.Runner.Logits(0).ToArray());
        }

        var expected = Expected(folder, [.. prompt, 100, 101, 102]);
        for (var i = 0; i < actual.Count; i++)
        {
            // BF16 keeps eight bits of a logit of about 10.
            var worst = expected[i].Zip(actual[i]).Max(pair => Math.Abs(pair.First - pair.Second));
            Assert.True(worst < 0.35f, $"step {i}: logits differ by {worst}.");
        }

        Assert.Equal(useGraphs ? 1 : 0, harness.Runner.RecordedSteps);
        Assert.Equal(overlapLaunches, EmulatedCuda.OverlappingLaunches > overlapping);
    }

    [SkippableFact]
    public void Keys_and_values_of_eight_bits_change_logits_by_a_bounded_part()
    {
        EmulatedCuda.Require();
        var folder = Path.Combine(AppContext.BaseDirectory, "models", "demo");
        var prompt = Enumerable.Range(0, 45).Select(i => (i * 131 + 7) % 2000).ToArray();
        // With keys and values of F32.
        var expected = Expected(folder, [.. prompt, 100, 101, 102]);

        var actual = After(folder, KvDtype.F8, prompt);

        // A cast keeps three bits of the fraction: a number is off by 1/16 at most, 1/40 in the mean.
        for (var i = 0; i < expected.Count; i++) Near.EqualOverall(expected[i], actual[i], 8e-2f, $"step {i}");
    }

    [SkippableFact]
    public void Keys_and_values_of_eight_bits_are_for_devices()
    {
        var folder = Fixture.Load("linear").Folder;
        using var weights = ModelWeights.Load(folder);
        var config = weights.Config;
        using var pool = new KvPagePool(new KvPageLayout(config.Layers, 16, config.KvHeads, config.HeadDim, KvDtype.F8), 4);

        Assert.Contains("F8 are for CUDA devices", Assert.Throws<ArgumentException>(() => new CpuModelRunner(weights, pool, new CpuRunnerOptions()).Dispose()).Message);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_step_of_single_tokens_allocates_nothing(bool useGraphs)
    {
        EmulatedCuda.Require();
        using var harness = new CudaHarness(Fixture.Load("linear").Folder, poolTokens: 128, useGraphs: useGraphs);
        ForwardBatch[] batches = [new(), new()];
        var pages = harness.Allocate(64);
        void Launch(int step)
        {
            var batch = batches[step & 1];
            batch.Clear();
            var index = step == 0 ? batch.Add([1], 0, pages, wantLogits: true) : batch.AddNext(0, step, pages);
            batch.LetChoose(index, new TokenChoice(0.8f, 5, 0.9f, 0, 1, step));
            harness.Runner.Launch(batch);
        }

        Launch(0);
        var least = long.MaxValue;
        for (var step = 1; step < 60; step++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Launch(step);
            harness.Runner.Wait();
            var token = harness.Runner.Token(0);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.InRange(token, 0, harness.Config.VocabSize - 1);
        }

        harness.Runner.Wait();
        Assert.Equal(0, least);
    }

    [SkippableFact]
    public void Steps_are_waited_for_in_their_order_and_at_most_two_are_under_way()
    {
        EmulatedCuda.Require();
        using var harness = new CudaHarness(Fixture.Load("linear").Folder, poolTokens: 64);
        var (first, second, third) = (new ForwardBatch(), new ForwardBatch(), new ForwardBatch());
        var pages = harness.Allocate(8);
        first.Add([1, 2], 0, pages, wantLogits: true);
        second.AddNext(0, 2, pages);
        third.AddNext(1, 3, pages);

        Assert.Contains("has token -1", Assert.Throws<ArgumentException>(() => harness.Runner.Launch(second)).Message);
        Assert.Throws<InvalidOperationException>(harness.Runner.Wait);
        harness.Runner.Launch(first);
        Assert.Contains("follows sequence 1", Assert.Throws<ArgumentException>(() => harness.Runner.Launch(third)).Message);
        Assert.Throws<InvalidOperationException>(() => harness.Runner.Forward(first));
        harness.Runner.Launch(second);
        Assert.Throws<InvalidOperationException>(() => harness.Runner.Launch(third));
        harness.Runner.Wait();
        Assert.Throws<InvalidOperationException>(() => harness.Runner.Logits(0));
        harness.Runner.Wait();
        Assert.Equal(harness.Config.VocabSize, harness.Runner.Logits(0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => harness.Runner.Token(0));
    }

    [SkippableFact]
    public void A_batch_that_breaks_a_limit_is_refused()
    {
        EmulatedCuda.Require();
        using var harness = new CudaHarness(Fixture.Load("qwen3").Folder, poolTokens: 64, maxBatchTokens: 8);
        var batch = new ForwardBatch();
        batch.Add(new int[9], 0, harness.Allocate(9), wantLogits: true);

        Assert.Contains("9 tokens", Assert.Throws<ArgumentException>(() => harness.Runner.Forward(batch)).Message);
    }

    /// <summary>Logits after a prompt and after each of three tokens.</summary>
    private static List<float[]> After(string folder, KvDtype dtype, int[] prompt)
    {
        using var harness = new CudaHarness(folder, dtype, poolTokens: 64);
        var pages = harness.Allocate(prompt.Length + 3);
        var logits = new List<float[]> { harness.Prefill(prompt, pages, chunk: 40) };
        var batch = new ForwardBatch();
        for (var i = 0; i < 3; i++)
        {
            batch.Clear();
            batch.Add([100 + i], prompt.Length + i, pages, wantLogits: true);
            harness.Runner.Forward(batch);
            logits.Add(harness.Runner.Logits(0).ToArray());
        }

        return logits;
    }

    /// <summary>What the CPU backend says after the prompt's last three tokens but none, and after each of the others.</summary>
    private static List<float[]> Expected(string folder, int[] tokens)
    {
        using var weights = ModelWeights.Load(folder);
        var config = weights.Config;
        using var pool = new KvPagePool(new KvPageLayout(config.Layers, 16, config.KvHeads, config.HeadDim, KvDtype.F32), 4);
        using var runner = new CpuModelRunner(weights, pool, new CpuRunnerOptions { Threads = 2 });
        var batch = new ForwardBatch();
        var logits = new List<float[]>();
        for (var (first, count) = (0, tokens.Length - 3); first < tokens.Length; (first, count) = (first + count, 1))
        {
            batch.Clear();
            batch.Add(tokens.AsSpan(first, count), first, [0, 1, 2, 3], wantLogits: true);
            runner.Forward(batch);
            logits.Add(runner.Logits(0).ToArray());
        }

        return logits;
    }
}
