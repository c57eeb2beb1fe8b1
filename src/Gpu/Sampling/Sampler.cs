using System.Collections.Immutable;
using ActorInference.Actors.Generation;

namespace ActorInference.Gpu.Sampling;

/// <summary>
/// Chooses the next token of a sequence from its logits. In this order: end tokens are masked while the output is too
/// short, bias, penalties, tokens that a constraint does not admit are masked, then greedy or temperature, top-k, top-p over what top-k left, min-p, and one draw.
/// </summary>
/// <remarks>One caller at a time. Buffers of the vocabulary's width are kept; nothing is allocated unless
/// log-probabilities are asked for. The row is never sorted as a whole.</remarks>
public sealed class Sampler
{
    /// <summary>A temperature that counts as 0.</summary>
    internal const float GreedyBelow = 1e-6f;

    private readonly int[] _endTokens;
    private float[] _endLogits = [];
    private readonly Candidate[] _kept;
    private readonly Candidate[] _scratch;
    private readonly BestCandidates _best = new();
    private readonly NucleusCut _nucleus;
    private readonly KeptMass _mass;
    private float[] _raw = [];

    /// <param name="vocabSize">Width of a row of logits.</param>
    /// <param name="endTokenIds">The model's own end-of-sequence tokens.</param>
    public Sampler(int vocabSize, ImmutableArray<int> endTokenIds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabSize);
        _endTokens = [.. endTokenIds];
        _kept = new Candidate[vocabSize];
        _scratch = new Candidate[vocabSize];
        _nucleus = new NucleusCut(_scratch);
        _mass = new KeptMass(vocabSize);
    }

    /// <summary>Whether the token ends a generation with these options.</summary>
    public bool Ends(int token, SamplingOptions options) =>
        ((!options.IgnoreEos || options.Constraint is not null) && Array.IndexOf(_endTokens, token) >= 0) || options.StopTokenIds.IndexOf(token) >= 0;

    /// <summary>Chooses a token. The caller tells <paramref name="state"/> about it.</summary>
    /// <param name="logits">Overwritten. Shape <c>[vocabSize]</c>.</param>
    /// <param name="state">Of the sequence.</param>
    /// <param name="logprob">Of the untouched logits; null unless the options ask for it.</param>
    /// <exception cref="InvalidLogitsException">No token can be chosen. The sequence cannot go on; others can.</exception>
    public int Sample(Span<float> logits, SamplerState state, out TokenLogprob? logprob)
    {
        if (logits.Length != _kept.Length) throw new ArgumentException($"{logits.Length} logits; the vocabulary has {_kept.Length}.", nameof(logits));
        var options = state.Options;
        if (options.TopLogprobs is not null) KeepRaw(logits);
        if (state.OutputCount < options.MinNewTokens && !state.MustEnd) MaskEndings(logits, options);
        state.Adjust(logits);
        if (options.Constraint is not null) Constrain(logits, state);

        var max = LogitMath.Max(logits);
        if (max == float.NegativeInfinity && options.Constraint is not null) throw new InvalidLogitsException("No token of the model can go on as the constraint demands.");
        if (!float.IsFinite(max)) throw new InvalidLogitsException($"The largest logit is {max}; it must be a finite number.");
        var token = options.Temperature < GreedyBelow
            ? logits.IndexOf(max)
            : Draw(logits, max, options, CounterRandom.UnitInterval(options.Seed, state.OutputCount));
        logprob = options.TopLogprobs is { } top ? Logprob(token, top) : null;
        return token;
    }

    private void KeepRaw(ReadOnlySpan<float> logits)
    {
        if (_raw.Length != logits.Length) _raw = new float[logits.Length];
        logits.CopyTo(_raw);
    }

    /// <summary>Leaves the tokens that the constraint admits, and those that end the output where it is complete.</summary>
    private void Constrain(Span<float> logits, SamplerState state)
    {
        var ends = state.MayEnd ? _endTokens.Length + state.Options.StopTokenIds.Length : 0;
        if (_endLogits.Length < ends) _endLogits = new float[ends];
        for (var i = 0; i < ends; i++) _endLogits[i] = EndToken(i, state.Options) is var token && (uint)token < (uint)logits.Length ? logits[token] : 0;
        state.Constrain(logits);
        for (var i = 0; i < ends; i++)
        {
            if (EndToken(i, state.Options) is var token && (uint)token < (uint)logits.Length) logits[token] = _endLogits[i];
        }
    }

    private int EndToken(int index, SamplingOptions options) => index < _endTokens.Length ? _endTokens[index] : options.StopTokenIds[index - _endTokens.Length];

    private void MaskEndings(Span<float> logits, SamplingOptions options)
    {
        if (!options.IgnoreEos)
        {
            foreach (var token in _endTokens) Mask(logits, token);
        }

        foreach (var token in options.StopTokenIds) Mask(logits, token);
    }

    private static void Mask(Span<float> logits, int token)
    {
        if ((uint)token < (uint)logits.Length) logits[token] = float.NegativeInfinity;
    }

    private int Draw(Span<float> logits, float max, SamplingOptions options, double random)
    {
        if (options.TopK > 0 && options.TopK < logits.Length)
        {
            var best = KeepBest(logits, max, options);
            return DrawFrom(best, Total(best), options, random);
        }

        var total = LogitMath.Exponentiate(logits, max, 1f / options.Temperature);
        if (options.TopP >= 1f && options.MinP <= 0f) return LogitMath.Search(logits, random * total);
        var worst = options.TopP < 1f ? _nucleus.Find(logits, options.TopP * total, total) : Candidate.Worst;
        if (options.MinP > worst.Weight) worst = new Candidate(options.MinP, int.MaxValue);
        return _mass.Draw(logits, worst, random);
    }

    /// <summary>The top-k, as weights, in the order of their ids.</summary>
    private Span<Candidate> KeepBest(ReadOnlySpan<float> logits, float max, SamplingOptions options)
    {
        var best = _best.Select(logits, options.TopK);
        best.Sort(static (a, b) => a.Token.CompareTo(b.Token));
        for (var i = 0; i < best.Length; i++)
            _kept[i] = best[i] with { Weight = MathF.Exp((best[i].Weight - max) / options.Temperature) };
        return _kept.AsSpan(0, best.Length);
    }

    /// <summary>Draws among the candidates that top-p and min-p leave. The best has weight 1.</summary>
    /// <param name="candidates">In the order of their ids, so that a draw moves little when weights do.</param>
    /// <param name="total">The mass of which top-p keeps a share.</param>
    private int DrawFrom(ReadOnlySpan<Candidate> candidates, double total, SamplingOptions options, double random)
    {
        var cut = Candidate.Worst;
        if (options.TopP < 1f)
        {
            var scratch = _scratch.AsSpan(0, candidates.Length);
            candidates.CopyTo(scratch);
            cut = MassCut.Find(scratch, options.TopP * total);
        }

        var kept = _scratch.AsSpan(0, candidates.Length);
        var count = 0;
        foreach (var candidate in candidates)
        {
            if (!cut.IsBetterThan(candidate) && candidate.Weight >= options.MinP) kept[count++] = candidate;
        }

        return Walk(kept[..count], random);
    }

    private static int Walk(ReadOnlySpan<Candidate> candidates, double random)
    {
        var target = random * Total(candidates);
        foreach (var candidate in candidates)
        {
            target -= candidate.Weight;
            if (target < 0) return candidate.Token;
        }

        return candidates[^1].Token;   // Rounding can leave a sliver.
    }

    private static double Total(ReadOnlySpan<Candidate> candidates)
    {
        var total = 0.0;
        foreach (var candidate in candidates) total += candidate.Weight;
        return total;
    }

    private TokenLogprob Logprob(int token, int top)
    {
        var max = LogitMath.Max(_raw);
        var logSum = max + Math.Log(LogitMath.SumOfExponentials(_raw, max));
        var best = _best.Select(_raw, top);
        best.Sort(static (a, b) => a.IsBetterThan(b) ? -1 : b.IsBetterThan(a) ? 1 : 0);
        var alternatives = ImmutableArray.CreateBuilder<TokenAlternative>(best.Length);
        foreach (var candidate in best) alternatives.Add(new TokenAlternative(candidate.Token, (float)(candidate.Weight - logSum)));
        return new TokenLogprob((float)(_raw[token] - logSum), alternatives.MoveToImmutable());
    }
}
