using ActorInference.Actors.Generation;
using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Sampling;

/// <summary>
/// What the choice of a sequence's next token depends on, beside its logits: the options and the tokens so far. A function
/// of these alone, so that a worker that takes a sequence over rebuilds it from prompt and output.
/// </summary>
public sealed class SamplerState
{
    private readonly TokenCounts? _counts;
    private readonly int[] _biasTokens;
    private readonly float[] _biases;

    /// <param name="options">How to choose.</param>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="output">Tokens generated so far, perhaps elsewhere.</param>
    public SamplerState(SamplingOptions options, ReadOnlySpan<int> prompt, ReadOnlySpan<int> output)
    {
        Options = options;
        _biasTokens = options.LogitBias is { } bias ? [.. bias.Keys.Order()] : [];
        _biases = [.. _biasTokens.Select(token => options.LogitBias![token])];
        if (Penalises(options))
        {
            _counts = new TokenCounts(prompt.Length + Math.Max(options.MaxNewTokens, output.Length));
            foreach (var token in prompt) _counts.Add(token, occurrences: 0);
        }

        foreach (var token in output) Observe(token);
    }

    public SamplingOptions Options { get; }

    /// <summary>Tokens generated so far, which is the index of the next.</summary>
    public int OutputCount { get; private set; }

    /// <summary>Takes note of a generated token.</summary>
    public void Observe(int token)
    {
        _counts?.Add(token, occurrences: 1);
        OutputCount++;
    }

    /// <summary>The choice of a token in so far as it depends on no other tokens, so that a runner can make it.</summary>
    /// <param name="ahead">How many tokens after the next.</param>
    /// <returns>Null where it takes bias, penalties, masked endings or log-probabilities.</returns>
    internal TokenChoice? Choice(int ahead)
    {
        if (_counts is not null || _biasTokens.Length > 0 || Options.TopLogprobs is not null || OutputCount < Options.MinNewTokens) return null;
        var temperature = Options.Temperature < Sampler.GreedyBelow ? 0 : Options.Temperature;
        return new TokenChoice(temperature, Options.TopK, Options.TopP, Options.MinP, Options.Seed, OutputCount + ahead);
    }

    /// <summary>Applies bias and penalties to a row of logits, in place.</summary>
    internal void Adjust(Span<float> logits)
    {
        for (var i = 0; i < _biasTokens.Length; i++)
        {
            // A client may name a token that this model lacks; there is nothing to bias then.
            if ((uint)_biasTokens[i] < (uint)logits.Length) logits[_biasTokens[i]] += _biases[i];
        }

        if (_counts is null) return;
        for (var slot = 0; slot < _counts.SlotCount; slot++)
        {
            if (_counts.TryGet(slot, out var token, out var outputCount)) Penalise(ref logits[token], outputCount);
        }
    }

    private static bool Penalises(SamplingOptions options) =>
        options.RepetitionPenalty != 1f || options.PresencePenalty != 0f || options.FrequencyPenalty != 0f;

    private void Penalise(ref float logit, int outputCount)
    {
        logit = logit > 0 ? logit / Options.RepetitionPenalty : logit * Options.RepetitionPenalty;
        if (outputCount > 0) logit -= Options.PresencePenalty + Options.FrequencyPenalty * outputCount;
    }
}
