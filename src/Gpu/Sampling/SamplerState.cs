using ActorInference.Actors.Generation;
using ActorInference.Gpu.Constraints;
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
    private readonly TokenConstraint? _constraint;
    private ConstraintState? _place;

    /// <param name="options">How to choose.</param>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="output">Tokens generated so far, perhaps elsewhere.</param>
    public SamplerState(SamplingOptions options, ReadOnlySpan<int> prompt, ReadOnlySpan<int> output)
        : this(options, prompt, output, constraint: null)
    {
    }

    /// <inheritdoc cref="SamplerState(SamplingOptions, ReadOnlySpan{int}, ReadOnlySpan{int})"/>
    /// <param name="constraint">The options' constraint, made ready.</param>
    internal SamplerState(SamplingOptions options, ReadOnlySpan<int> prompt, ReadOnlySpan<int> output, TokenConstraint? constraint)
    {
        if (options.Constraint is not null && constraint is null) throw new ArgumentException("The options have a constraint that was not made ready.", nameof(constraint));
        (Options, _constraint, _place) = (options, constraint, constraint?.Start);
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
        if (_place is not null) _place = _constraint!.Advance(_place, token);
    }

    /// <summary>Whether the output may end here.</summary>
    internal bool MayEnd => _place is null or { IsComplete: true };

    /// <summary>Whether nothing may follow.</summary>
    internal bool MustEnd => _place is { GoesOn: false };

    /// <summary>The choice of a token in so far as it depends on no other tokens, so that a runner can make it.</summary>
    /// <param name="ahead">How many tokens after the next.</param>
    /// <returns>Null where it takes bias, penalties, masked tokens or log-probabilities.</returns>
    internal TokenChoice? Choice(int ahead)
    {
        if (_counts is not null || _biasTokens.Length > 0 || _constraint is not null || Options.TopLogprobs is not null || OutputCount < Options.MinNewTokens) return null;
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

    /// <summary>Masks all tokens that may not come next, ends among them.</summary>
    internal void Constrain(Span<float> logits)
    {
        if (_place is not null) _constraint!.Apply(_place, logits);
    }

    private static bool Penalises(SamplingOptions options) =>
        options.RepetitionPenalty != 1f || options.PresencePenalty != 0f || options.FrequencyPenalty != 0f;

    private void Penalise(ref float logit, int outputCount)
    {
        logit = logit > 0 ? logit / Options.RepetitionPenalty : logit * Options.RepetitionPenalty;
        if (outputCount > 0) logit -= Options.PresencePenalty + Options.FrequencyPenalty * outputCount;
    }
}
