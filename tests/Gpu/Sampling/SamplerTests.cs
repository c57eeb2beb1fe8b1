using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Sampling;

namespace ActorInference.Gpu.Tests.Sampling;

public sealed class SamplerTests
{
    private const int Vocab = 101;

    public static TheoryData<float, int, float, float> Filters => new()
    {
        { 1f, 0, 1f, 0f },
        { 0.5f, 0, 1f, 0f },
        { 2f, 0, 1f, 0f },
        { 1f, 5, 1f, 0f },
        { 1f, 1, 1f, 0f },
        { 1f, 500, 1f, 0f },
        { 1f, 0, 0.8f, 0f },
        { 1.3f, 0, 0.3f, 0f },
        { 1f, 0, 0.999f, 0f },
        { 1f, 0, 1f, 0.1f },
        { 1f, 0, 1f, 1f },
        { 1f, 20, 0.7f, 0f },
        { 1f, 20, 0.9f, 0.05f },
        { 0.7f, 0, 0.9f, 0.02f },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void Tokens_are_drawn_by_the_filtered_distribution(float temperature, int topK, float topP, float minP)
    {
        const int Draws = 20_000;
        const ulong Seed = 42;
        var options = new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = Seed, MaxNewTokens = Draws };
        var logits = Row(Vocab, seed: 3);
        var expected = ReferenceDistribution.Of(logits, options);
        var counts = new int[Vocab];
        var sampler = new Sampler(Vocab, []);
        var state = new SamplerState(options, [], []);

        for (var i = 0; i < Draws; i++)
        {
            var token = sampler.Sample([.. logits], state, out _);
            counts[token]++;
            state.Observe(token);
        }

        AssertDistributed(expected, counts, Draws, $"seed {Seed}");
    }

    [Fact]
    public void A_wide_row_is_drawn_by_its_distribution_too()
    {
        const int Wide = 20_000;
        const int Draws = 4_000;
        foreach (var topP in new[] { 1f, 0.95f, 0.5f })
        {
            var options = new SamplingOptions { Temperature = 0.6f, TopP = topP, Seed = 11, MaxNewTokens = Draws };
            var logits = Row(Wide, seed: 5);
            logits[777] = 12f;
            logits[19_999] = 11.5f;
            var expected = ReferenceDistribution.Of(logits, options);
            var counts = new int[Wide];
            var sampler = new Sampler(Wide, []);
            var state = new SamplerState(options, [], []);

            for (var i = 0; i < Draws; i++)
            {
                var token = sampler.Sample([.. logits], state, out _);
                counts[token]++;
                state.Observe(token);
            }

            AssertDistributed(expected, counts, Draws, $"top-p {topP}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_the_filters_drop_is_never_drawn_and_ties_go_to_the_lower_id(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var vocab = random.Next(1, 200);
            var logits = Row(vocab, random.Next());
            // Many equal values, to see ties.
            for (var i = 0; i < vocab; i++) logits[i] = MathF.Round(logits[i]);
            var options = new SamplingOptions
            {
                Temperature = 0.2f + 2 * random.NextSingle(),
                TopK = random.Next(3) == 0 ? 0 : random.Next(1, 40),
                TopP = random.Next(2) == 0 ? 1f : 0.05f + 0.9f * random.NextSingle(),
                MinP = random.Next(2) == 0 ? 0f : random.NextSingle(),
                Seed = (ulong)round,
                MaxNewTokens = 10,
            };
            var expected = ReferenceDistribution.Of(logits, options);

            var token = new Sampler(vocab, []).Sample([.. logits], new SamplerState(options, [], []), out _);

            Assert.True(expected[token] > 0, $"seed {seed}, round {round}: token {token} of {vocab} has been dropped by {options}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(1000)]
    [InlineData(32_003)]
    public void Greedy_takes_the_best_and_of_equals_the_first(int vocab)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var logits = Row(vocab, seed);
            var best = Array.IndexOf(logits, logits.Max());
            if (vocab > 1) logits[^1] = logits[best];

            Assert.Equal(best, Greedy(logits, new SamplingOptions { Temperature = 0 }));
            Assert.Equal(best, Greedy(logits, new SamplingOptions { Temperature = 1e-7f }));
        }
    }

    [Fact]
    public void Repetition_penalty_weakens_tokens_of_prompt_and_output()
    {
        var options = new SamplingOptions { Temperature = 0, RepetitionPenalty = 2f };

        Assert.Equal(2, Greedy([4f, 3.9f, 2.5f, -1f], options, prompt: [0], output: [1]));
        Assert.Equal(0, Greedy([-1f, -0.6f, -5f, -6f], options, prompt: [1], output: []));
    }

    [Fact]
    public void Presence_counts_once_frequency_counts_each_time_and_neither_the_prompt()
    {
        Assert.Equal(0, Greedy([2f, 1.5f, 0f], new SamplingOptions { Temperature = 0, PresencePenalty = 1f }, prompt: [0, 0, 0]));
        Assert.Equal(1, Greedy([2f, 1.5f, 0f], new SamplingOptions { Temperature = 0, PresencePenalty = 1f }, output: [0]));
        Assert.Equal(0, Greedy([2f, 0.9f, 0f], new SamplingOptions { Temperature = 0, PresencePenalty = 1f }, output: [0, 0, 0]));
        Assert.Equal(1, Greedy([2f, 0.9f, 0f], new SamplingOptions { Temperature = 0, FrequencyPenalty = 0.5f }, output: [0, 0, 0]));
    }

    [Fact]
    public void Bias_moves_tokens_and_ignores_those_that_the_model_lacks()
    {
        var options = new SamplingOptions { Temperature = 0, LogitBias = ImmutableDictionary<int, float>.Empty.Add(2, 5f).Add(0, -100f).Add(999, 100f) };

        Assert.Equal(2, Greedy([4f, 3f, 0f], options));
    }

    [Fact]
    public void End_tokens_are_masked_until_the_output_is_long_enough()
    {
        var options = new SamplingOptions { Temperature = 0, MinNewTokens = 2, StopTokenIds = [1] };

        Assert.Equal(2, Greedy([9f, 8f, 1f], options, output: [2], end: [0]));
        Assert.Equal(0, Greedy([9f, 8f, 1f], options, output: [2, 2], end: [0]));
        Assert.Equal(0, Greedy([9f, 8f, 1f], options with { IgnoreEos = true }, output: [2], end: [0]));
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_raw_logits()
    {
        var logits = Row(Vocab, seed: 8);
        var options = new SamplingOptions { Temperature = 0.3f, TopK = 3, TopLogprobs = 4, RepetitionPenalty = 1.5f, Seed = 1, MaxNewTokens = 5 };
        var logSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        var ranked = Enumerable.Range(0, Vocab).OrderByDescending(token => logits[token]).ToArray();

        var token = new Sampler(Vocab, []).Sample([.. logits], new SamplerState(options, [ranked[0]], []), out var logprob);

        Assert.NotNull(logprob);
        Assert.Equal(logits[token] - logSum, logprob.Logprob, 1e-4);
        Assert.Equal(ranked[..4], logprob.Top.Select(top => top.TokenId));
        foreach (var top in logprob.Top) Assert.Equal(logits[top.TokenId] - logSum, top.Logprob, 1e-4);
    }

    [Fact]
    public void Zero_top_log_probabilities_give_the_chosen_tokens_alone()
    {
        new Sampler(3, []).Sample([1f, 2f, 3f], new SamplerState(new SamplingOptions { Temperature = 0, TopLogprobs = 0 }, [], []), out var logprob);

        Assert.NotNull(logprob);
        Assert.Empty(logprob.Top);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_value_that_is_no_number_is_reported_wherever_it_stands(float value)
    {
        foreach (var temperature in new[] { 0f, 1f })
        {
            foreach (var index in new[] { 0, 5, 63, 100 })
            {
                var logits = Row(Vocab, seed: 1);
                logits[index] = value;
                var options = new SamplingOptions { Temperature = temperature };
                Assert.Throws<InvalidLogitsException>(() => new Sampler(Vocab, []).Sample(logits, new SamplerState(options, [], []), out _));
            }
        }
    }

    [Fact]
    public void A_row_with_every_token_masked_is_reported()
    {
        float[] logits = [.. Enumerable.Repeat(float.NegativeInfinity, 10)];

        Assert.Throws<InvalidLogitsException>(() => new Sampler(10, []).Sample(logits, new SamplerState(new SamplingOptions(), [], []), out _));
    }

    [Fact]
    public void Masked_tokens_are_never_drawn()
    {
        var options = new SamplingOptions { Temperature = 5f, Seed = 4, MaxNewTokens = 1000 };
        var state = new SamplerState(options, [], []);
        var sampler = new Sampler(10, []);
        for (var i = 0; i < 1000; i++)
        {
            float[] logits = [.. Enumerable.Repeat(float.NegativeInfinity, 10)];
            (logits[3], logits[8]) = (1f, 1f);
            var token = sampler.Sample(logits, state, out _);
            Assert.True(token is 3 or 8);
            state.Observe(token);
        }
    }

    private static int Greedy(float[] logits, SamplingOptions options, int[]? prompt = null, int[]? output = null, int[]? end = null) =>
        new Sampler(logits.Length, [.. end ?? []]).Sample([.. logits], new SamplerState(options, prompt, output), out _);

    /// <summary>Normally distributed, standard deviation 2.</summary>
    private static float[] Row(int vocab, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, vocab).Select(_ => (float)(2 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    /// <summary>Chi-square; cells that expect fewer than five are put together.</summary>
    private static void AssertDistributed(double[] expected, int[] counts, int draws, string context)
    {
        var (chiSquare, cells, restExpected, restCount) = (0.0, 0, 0.0, 0);
        for (var token = 0; token < counts.Length; token++)
        {
            Assert.True(expected[token] > 0 || counts[token] == 0, $"{context}: token {token} was drawn {counts[token]} times; it has been dropped.");
            if (expected[token] * draws < 5)
            {
                (restExpected, restCount) = (restExpected + expected[token] * draws, restCount + counts[token]);
                continue;
            }

            chiSquare += Math.Pow(counts[token] - expected[token] * draws, 2) / (expected[token] * draws);
            cells++;
        }

        if (restExpected >= 5)
        {
            chiSquare += Math.Pow(restCount - restExpected, 2) / restExpected;
            cells++;
        }

        // The mean is cells - 1 and the deviation sqrt(2 cells); five of these are never reached by chance.
        Assert.True(chiSquare < cells + 5 * Math.Sqrt(2 * cells) + 5, $"{context}: chi-square {chiSquare} over {cells} cells");
    }
}
