using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>A real model against an independent implementation: the whole forward pass, over every way of cutting it up.</summary>
public sealed class StoriesTests
{
    private const float LogitTolerance = 1e-3f;

    [SkippableTheory]
    [InlineData(1, 1)]
    [InlineData(3, 16)]
    [InlineData(16, 64)]
    [InlineData(512, 1)]
    [InlineData(512, 64)]
    public void Logits_after_the_prompt_match_for_any_chunk_and_page_size(int chunk, int pageSize)
    {
        var stories = Stories.Find();
        using var harness = new RunnerHarness(stories.Folder, pageSize);

        foreach (var expected in stories.Cases)
        {
            var logits = harness.Prefill(expected.PromptIds, harness.Allocate(expected.PromptIds.Length), chunk);

            AssertNear(expected.LogitsAfterPrompt, logits);
        }
    }

    [SkippableTheory]
    [InlineData(1, 1)]
    [InlineData(1, 16)]
    [InlineData(3, 16)]
    [InlineData(16, 64)]
    [InlineData(512, 16)]
    public void Greedy_ids_match_to_the_end_one_at_a_time(int chunk, int pageSize)
    {
        var stories = Stories.Find();
        using var harness = new RunnerHarness(stories.Folder, pageSize);

        foreach (var expected in stories.Cases)
            Assert.Equal(expected.GreedyIds, harness.Greedy([expected.PromptIds], [expected.GreedyIds.Length], chunk)[0]);
    }

    [SkippableTheory]
    [InlineData(1, 1)]
    [InlineData(3, 64)]
    [InlineData(16, 16)]
    [InlineData(512, 1)]
    [InlineData(512, 64)]
    public void Greedy_ids_match_in_a_batch_of_eight_mixed_lengths(int chunk, int pageSize)
    {
        var stories = Stories.Find();
        using var harness = new RunnerHarness(stories.Folder, pageSize);
        // The second four begin in the middle of the first four's stories, so that all eight differ in length.
        var cases = stories.Cases.Select(c => (Prompt: c.PromptIds, Expected: c.GreedyIds))
            .Concat(stories.Cases.Select((c, i) => (Prompt: c.PromptIds.Concat(c.GreedyIds.Take(17 * (i + 1))).ToArray(), Expected: c.GreedyIds[(17 * (i + 1))..])))
            .ToArray();

        var generated = harness.Greedy([.. cases.Select(c => c.Prompt)], [.. cases.Select(c => c.Expected.Length)], chunk);

        for (var i = 0; i < cases.Length; i++) Assert.Equal(cases[i].Expected, generated[i]);
    }

    [SkippableTheory]
    [InlineData(SimdLevel.Bits128)]
    [InlineData(SimdLevel.Bits256)]
    [InlineData(SimdLevel.Bits512)]
    public void Every_vector_width_gives_the_same_story(SimdLevel simd)
    {
        var stories = Stories.Find();
        using var harness = new RunnerHarness(stories.Folder, simd: simd);

        foreach (var expected in stories.Cases)
        {
            AssertNear(expected.LogitsAfterPrompt, harness.Prefill(expected.PromptIds, harness.Allocate(expected.PromptIds.Length), 512));
            Assert.Equal(expected.GreedyIds, harness.Greedy([expected.PromptIds], [expected.GreedyIds.Length], 512)[0]);
        }
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = Enumerable.Range(0, expected.Length).MaxBy(i => Math.Abs(expected[i] - actual[i]));
        Assert.True(Math.Abs(expected[worst] - actual[worst]) <= LogitTolerance, $"Logit {worst} is {actual[worst]}; expected {expected[worst]}.");
    }
}
