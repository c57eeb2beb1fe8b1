namespace ActorInference.Gpu.Models;

public enum RopeScaling
{
    None,

    /// <summary>All positions divided by a factor.</summary>
    Linear,

    /// <summary>Llama 3.1's: long wavelengths divided by a factor, short ones kept, a smooth ramp between.</summary>
    Llama3,

    /// <summary>Phi-3's: each wavelength times a factor of its own, one list of them for contexts that the model had at first and one for longer ones.</summary>
    LongRope,
}

/// <summary>Rotary position embedding as config.json states it.</summary>
/// <param name="Theta">Base of the wavelengths.</param>
/// <param name="Scaling">How wavelengths are stretched.</param>
/// <param name="Factor">Stretch; 1 without scaling.</param>
/// <param name="LowFrequencyFactor">Llama 3: wavelengths above original context / this are stretched in full.</param>
/// <param name="HighFrequencyFactor">Llama 3: wavelengths below original context / this are kept.</param>
/// <param name="OriginalContextTokens">Llama 3 and LongRope: context of the model before it was stretched.</param>
public sealed record RopeParameters(
    double Theta,
    RopeScaling Scaling = RopeScaling.None,
    double Factor = 1,
    double LowFrequencyFactor = 1,
    double HighFrequencyFactor = 4,
    int OriginalContextTokens = 8192)
{
    /// <summary>What each wavelength is stretched by besides, where a model says so by a table. Shape <c>[headDim / 2]</c>.</summary>
    public IReadOnlyList<float>? FrequencyFactors { get; init; }

    /// <summary>LongRope's factors, of short contexts and of long ones; of which <see cref="FrequencyFactors"/> are those. Shape <c>[headDim / 2]</c>.</summary>
    public (IReadOnlyList<float> Short, IReadOnlyList<float> Long)? LongRopeFactors { get; init; }

    /// <summary>What cosines and sines are multiplied by.</summary>
    public double AttentionFactor { get; init; } = 1;

    /// <summary>
    /// LongRope of a model that was made for a context of so many tokens. One list serves all positions, of all sequences: keys of short sequences are
    /// the beginnings of longer ones', and every worker must compute the same. So it is the model's context that decides, not a sequence's length.
    /// </summary>
    /// <param name="attentionFactor">Null for the one that the method gives: the root of 1 + ln(context / original) / ln(original).</param>
    /// <remarks>Ding et al., 2024: LongRoPE: Extending LLM Context Window Beyond 2 Million Tokens.</remarks>
    public static RopeParameters OfLongRope(double theta, IReadOnlyList<float> shortFactors, IReadOnlyList<float> longFactors, int originalTokens, int contextTokens, double? attentionFactor)
    {
        var stretch = (double)contextTokens / originalTokens;
        return new RopeParameters(theta, RopeScaling.LongRope, stretch, OriginalContextTokens: originalTokens)
        {
            FrequencyFactors = stretch > 1 ? longFactors : shortFactors,
            LongRopeFactors = (shortFactors, longFactors),
            AttentionFactor = attentionFactor ?? (stretch > 1 ? Math.Sqrt(1 + Math.Log(stretch) / Math.Log(originalTokens)) : 1),
        };
    }

    /// <summary>Radians per position of each rotated pair. Shape <c>[headDim / 2]</c>.</summary>
    public double[] InverseFrequencies(int headDim)
    {
        var frequencies = new double[headDim / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = Scaled(Math.Pow(Theta, -2.0 * i / headDim)) / (FrequencyFactors?[i] ?? 1);
        return frequencies;
    }

    /// <summary>What each wavelength is stretched by, all told. Shape <c>[headDim / 2]</c>.</summary>
    public double[] Factors(int headDim)
    {
        var plain = new RopeParameters(Theta).InverseFrequencies(headDim);
        return [.. plain.Zip(InverseFrequencies(headDim), static (alone, scaled) => alone / scaled)];
    }

    /// <summary>The same rotation as Llama 3's, if a table of factors is one of its; low and high factors are those of all its models.</summary>
    /// <returns>Null if it is not.</returns>
    public RopeParameters? AsLlama3(int headDim)
    {
        const double tolerance = 1e-4;
        if (Scaling != RopeScaling.None || FrequencyFactors is null) return null;
        var factor = Math.Round(FrequencyFactors.Max(), 3);
        for (var original = 1 << 5; original <= 1 << 20; original *= 2)
        {
            var candidate = new RopeParameters(Theta, RopeScaling.Llama3, factor, OriginalContextTokens: original);
            if (candidate.Factors(headDim).Zip(FrequencyFactors).All(pair => Math.Abs(pair.First / pair.Second - 1) < tolerance)) return candidate;
        }

        return null;
    }

    private double Scaled(double frequency) => Scaling switch
    {
        RopeScaling.Linear => frequency / Factor,
        RopeScaling.Llama3 => Llama3Scaled(frequency),
        _ => frequency,
    };

    private double Llama3Scaled(double frequency)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalContextTokens / HighFrequencyFactor) return frequency;
        if (wavelength > OriginalContextTokens / LowFrequencyFactor) return frequency / Factor;
        var kept = (OriginalContextTokens / wavelength - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return (1 - kept) * frequency / Factor + kept * frequency;
    }
}
