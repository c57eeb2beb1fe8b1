using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Gpu.Tests.Engine;

/// <summary>Guessed tokens: where they come from, that they save steps, and that they change no answer.</summary>
public sealed class PromptLookupTests
{
    [Theory]
    [InlineData(new[] { 1, 2, 3, 4, 9, 1, 2 }, 3, new[] { 3, 4, 9 })]
    [InlineData(new[] { 1, 2, 3, 5, 1, 2, 4, 5, 1, 2 }, 2, new[] { 4, 5 })]   // The latest counts.
    [InlineData(new[] { 7, 1, 2, 8, 1, 2, 9, 7, 1, 2 }, 1, new[] { 8 })]      // More words count for more than being late.
    [InlineData(new[] { 5, 5, 5 }, 4, new[] { 5 })]
    [InlineData(new[] { 1, 2, 3 }, 4, new int[0])]
    [InlineData(new[] { 1 }, 4, new int[0])]
    public void A_guess_is_what_came_after_the_same_words(int[] tokens, int most, int[] expected)
    {
        var guess = new int[most];

        Assert.Equal(expected, guess[..PromptLookup.Find(tokens, guess)]);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.4f)]
    [InlineData(1.3f)]
    public void Guessing_changes_no_token_and_no_page(float temperature)
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var specs = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Repetitive(random, temperature)).ToArray();
            var (plain, _) = Run(specs, lookup: 0, random.Next(12, 60));
            var (guessed, _) = Run(specs, lookup: random.Next(1, 17), random.Next(12, 60));

            for (var i = 0; i < specs.Length; i++) Assert.True(plain[i].SequenceEqual(guessed[i]), $"Seed {seed}, sequence {i}: {string.Join(' ', guessed[i])}; expected {string.Join(' ', plain[i])}.");
        }
    }

    [Fact]
    public void A_text_that_repeats_itself_takes_fewer_steps()
    {
        using var harness = new EngineHarness(pages: 128);
        harness.Runner.AfterLogits = Follow;
        var (drafted, accepted) = (DraftStatistics.Drafted, DraftStatistics.Accepted);

        var id = harness.Engine.Add(Spec([1, 2, 3, 4, 5, 6, 7, 1, 2], newTokens: 60, temperature: 0, lookup: 8));
        var steps = harness.RunToEnd();

        Assert.Equal(Enumerable.Range(0, 60).Select(i => (i + 2) % 7 + 1), harness.Events.Tokens[id]);
        Assert.InRange(steps, 7, 20);
        Assert.Equal(0, harness.Pool.UsedPages);
        // Of the whole process, hence at least what was done here.
        Assert.InRange(DraftStatistics.Accepted - accepted, 40, long.MaxValue);
        Assert.InRange(DraftStatistics.Drafted - drafted, DraftStatistics.Accepted - accepted, long.MaxValue);
    }

    [Fact]
    public void An_end_within_a_guess_ends_the_answer_there()
    {
        using var harness = new EngineHarness(pages: 128, options: new EngineOptions { StepTarget = TimeSpan.Zero, EndTokenIds = [5] });
        harness.Runner.AfterLogits = Follow;

        var id = harness.Engine.Add(Spec([1, 2, 3, 4, 5, 6, 7, 1, 2], newTokens: 60, temperature: 0, lookup: 8));
        harness.RunToEnd();

        Assert.Equal([3, 4, 5], harness.Events.Tokens[id]);
        Assert.Equal((FinishReason.Stop, 5), harness.Events.Ends[id]);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Fact]
    public void Logits_after_guessed_tokens_are_those_of_one_token_at_a_time()
    {
        var fixture = Fixture.Load("qwen3");
        using var harness = new RunnerHarness(fixture.Folder);
        var pages = harness.Allocate(40);
        var batch = new ForwardBatch();
        harness.Prefill(fixture.Ids.AsSpan(0, 30), pages, 512);
        batch.Add(fixture.Ids.AsSpan(30, 6), 30, pages, logitCount: 4);
        harness.Runner.Forward(batch);
        var together = Enumerable.Range(0, 4).Select(nth => harness.Runner.Logits(0, nth).ToArray()).ToArray();

        for (var nth = 0; nth < 4; nth++) Assert.Equal(harness.Prefill(fixture.Ids.AsSpan(0, 33 + nth), pages, 1), together[nth]);
        Assert.Throws<ArgumentOutOfRangeException>(() => harness.Runner.Logits(0, 1).Length);
    }

    /// <summary>The model says the numbers 1 to 7 in turn.</summary>
    private static void Follow(int token, float[] logits, int row) => logits[row + token % 7 + 1] = 1000;

    private static SequenceSpec Repetitive(Random random, float temperature)
    {
        var words = Enumerable.Range(0, 4).Select(_ => random.Next(64)).ToArray();
        return Spec([.. Enumerable.Range(0, random.Next(4, 30)).Select(_ => words[random.Next(words.Length)])], random.Next(1, 25), temperature, lookup: 0) with
        {
            Mode = SequenceMode.Generate,
        };
    }

    private static SequenceSpec Spec(ImmutableArray<int> prompt, int newTokens, float temperature, int lookup) =>
        new(prompt, [], new SamplingOptions { MaxNewTokens = newTokens, Temperature = temperature, Seed = 7, PromptLookupTokens = lookup }, SequenceMode.Generate);

    /// <summary>A small vocabulary, in which guesses are right now and then; pages run out, and sequences give theirs back.</summary>
    private static (int[][] Tokens, int Steps) Run(SequenceSpec[] specs, int lookup, int pages)
    {
        using var harness = new EngineHarness(Math.Max(pages, 20), pageSize: 4);
        harness.Runner.AfterLogits = static (token, logits, row) =>
        {
            for (var other = 0; other < 64; other++) logits[row + other] = other % 5 == token % 5 ? logits[row + other] : -20;
        };
        var ids = specs.Select(spec => harness.Engine.Add(spec with { Sampling = spec.Sampling with { PromptLookupTokens = lookup } })).ToArray();
        var steps = harness.RunToEnd();
        Assert.Equal(0, harness.Pool.UsedPages);
        return ([.. ids.Select(id => harness.Events.Tokens[id].ToArray())], steps);
    }
}
