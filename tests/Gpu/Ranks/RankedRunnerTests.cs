using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Gpu.Tests.Ranks;

/// <summary>A model divided over ranks says what it says in one piece.</summary>
public sealed class RankedRunnerTests
{
    private const float Tolerance = 2e-4f;

    [SkippableTheory]
    [InlineData("qwen2", 2)]
    [InlineData("llama3", 5)]
    [InlineData("linear", 2)]
    [InlineData("mistral", 2)]
    [InlineData("phi3", 2)]
    [InlineData("gemma2", 2)]
    [InlineData("mixtral", 2)]
    [InlineData("qwen3moe", 2)]
    public void Logits_are_the_references_for_every_architecture(string name, int ranks)
    {
        RankThreads.Require();
        var fixture = Fixture.Load(name);
        using var harness = RankThreads.Create(fixture.Folder, ranks);
        var batch = new ForwardBatch();
        batch.Add(fixture.Ids, 0, harness.Allocate(fixture.Ids.Length), logitCount: fixture.Ids.Length);

        harness.Runner.Forward(batch);

        foreach (var (position, expected) in fixture.Logits)
        {
            var actual = harness.Runner.Logits(0, position);
            for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - Tolerance * 5, expected[i] + Tolerance * 5);
        }
    }

    [SkippableTheory]
    [InlineData("qwen2", KvDtype.F32)]
    [InlineData("qwen2", KvDtype.Q8_0)]
    [InlineData("gemma2", KvDtype.F16)]
    [InlineData("mixtral", KvDtype.BF16)]
    public void Logits_are_bit_equal_for_any_chunk_page_size_and_thread_count(string name, KvDtype dtype)
    {
        RankThreads.Require();
        var fixture = Fixture.Load(name);
        float[]? first = null;

        foreach (var (pageSize, threads) in new[] { (1, 1), (16, 2), (64, 3) })
        {
            using var harness = RankThreads.Create(fixture.Folder, 2, pageSize, threads: threads, kvDtype: dtype);
            foreach (var chunk in new[] { 1, 7, 64 })
            {
                var pages = harness.Allocate(fixture.Ids.Length);
                var logits = harness.Prefill(fixture.Ids, pages, chunk);
                harness.Pool.Release(pages);
                first ??= logits;
                Assert.Equal(first, logits);
            }
        }
    }

    [SkippableTheory]
    [InlineData(2, 512, SimdLevel.Bits128)]
    [InlineData(2, 16, SimdLevel.Bits256)]
    [InlineData(4, 3, SimdLevel.Bits512)]
    public void A_real_model_tells_the_same_stories_in_a_batch_of_mixed_lengths(int ranks, int chunk, SimdLevel simd)
    {
        RankThreads.Require();
        var stories = Stories.Find();
        using var whole = new RunnerHarness(stories.Folder, simd: simd);
        using var harness = RankThreads.Create(stories.Folder, ranks, simd: simd);
        var cases = stories.Cases.Select(c => (Prompt: c.PromptIds, Expected: c.GreedyIds))
            .Concat(stories.Cases.Select((c, i) => (Prompt: c.PromptIds.Concat(c.GreedyIds.Take(17 * (i + 1))).ToArray(), Expected: c.GreedyIds[(17 * (i + 1))..])))
            .ToArray();

        foreach (var (prompt, _) in cases)
        {
            var expected = whole.Prefill(prompt, whole.Allocate(prompt.Length), chunk);
            var actual = harness.Prefill(prompt, harness.Allocate(prompt.Length), chunk);
            for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - Tolerance, expected[i] + Tolerance);
        }

        var generated = harness.Greedy([.. cases.Select(c => c.Prompt)], [.. cases.Select(c => c.Expected.Length)], chunk);

        for (var i = 0; i < cases.Length; i++) Assert.Equal(cases[i].Expected, generated[i]);
    }

    /// <summary>Two blocks of the feed-forward part at one rank, three at the other.</summary>
    [SkippableTheory]
    [InlineData(WeightDtype.Q8_0)]
    [InlineData(WeightDtype.Q4_0)]
    [InlineData(WeightDtype.F16)]
    public void Quantized_weights_are_divided_at_blocks(WeightDtype dtype)
    {
        RankThreads.Require();
        var folder = Directory.CreateTempSubdirectory("actorinference-ranks-").FullName;
        try
        {
            RandomModel.Write(ModelShape.Custom(layers: 2, hidden: 64, heads: 4, kvHeads: 2, headDim: 32, ffn: 160, vocab: 301), WeightDtype.F32, folder);
            var model = Path.Combine(folder, "model.gguf");
            GgufConverter.Convert(folder, model, dtype);
            using var whole = new RunnerHarness(model);
            using var harness = RankThreads.Create(model, 2);
            int[] prompt = [.. Enumerable.Range(0, 90).Select(i => i * 37 % 300)];

            var expected = whole.Prefill(prompt, whole.Allocate(prompt.Length), 32);
            var actual = harness.Prefill(prompt, harness.Allocate(prompt.Length), 32);

            // An activation that falls on the other side of a half becomes another byte.
            var tolerance = (expected.Max() - expected.Min()) * (dtype.IsQuantized() ? 0.02f : 1e-4f);
            for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - tolerance, expected[i] + tolerance);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public void More_logits_than_an_exchange_holds_come_in_several()
    {
        RankThreads.Require();
        var fixture = Fixture.Load("qwen2");
        using var whole = new RunnerHarness(fixture.Folder, maxBatchTokens: 90);
        using var harness = RankThreads.Create(fixture.Folder, 2, maxBatchTokens: 90);
        var batch = new ForwardBatch();
        var pages = whole.Allocate(90);
        Assert.Equal(pages, harness.Allocate(90));
        batch.Add(fixture.Ids.AsSpan(0, 90), 0, pages, logitCount: 90);

        whole.Runner.Forward(batch);
        harness.Runner.Forward(batch);

        // An exchange holds 90 rows of 64 numbers; a rank's logits have 160: 36 rows at a time.
        for (var nth = 0; nth < 90; nth++)
        {
            var expected = whole.Runner.Logits(0, nth);
            var actual = harness.Runner.Logits(0, nth);
            for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - Tolerance, expected[i] + Tolerance);
        }
    }

    [SkippableFact]
    public void A_batch_that_is_refused_is_no_step_for_anybody()
    {
        RankThreads.Require();
        var fixture = Fixture.Load("linear");
        using var harness = RankThreads.Create(fixture.Folder, 2);
        var (bad, good, pages) = (new ForwardBatch(), new ForwardBatch(), harness.Allocate(4));
        bad.Add([1, 100_000], 0, pages, wantLogits: true);
        good.Add([1, 2], 0, pages, wantLogits: true);

        Assert.Throws<ArgumentException>(() => harness.Runner.Forward(bad));
        harness.Runner.Forward(good);

        Assert.All(harness.Runner.Logits(0).ToArray(), logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public void A_part_of_a_model_computes_nothing_alone()
    {
        var model = Fixture.Load("linear").Folder;
        var config = ModelConfig.Load(model);
        using var part = ModelWeights.Load(model, ModelShard.Of(model, config, 1, 2));
        using var pool = new KvPagePool(new KvPageLayout(config.Layers, 16, config.KvHeads, config.HeadDim, KvDtype.F32), 4);

        var error = Assert.Throws<ArgumentException>(() => new CpuModelRunner(part, pool, new CpuRunnerOptions()));

        Assert.Contains("one part of 2", error.Message, StringComparison.Ordinal);
    }
}
