using ActorInference.Actors.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>A small model of random weights, and what runs on it.</summary>
/// <param name="Heads">Query heads, a multiple of <paramref name="KvHeads"/>.</param>
/// <param name="KvHeads">Key heads.</param>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="Weights">F32, F16, BF16, Q8_0 or Q4_0.</param>
/// <param name="Kv">Type of keys and values; null for that of the activations.</param>
/// <param name="PageSizeTokens">Tokens of a page, a power of two.</param>
/// <param name="PromptTokens">Of the longest sequence; each other has one less than that before it, at least 1.</param>
public sealed record CudaEqualityCase(int Heads, int KvHeads, int HeadDim, WeightDtype Weights, KvDtype? Kv, int PageSizeTokens, int PromptTokens)
{
    /// <summary>Head sizes, groups, types, pages and lengths of all kinds.</summary>
    public static IReadOnlyList<CudaEqualityCase> Defaults { get; } =
    [
        new(4, 4, 64, WeightDtype.BF16, null, 16, 1),
        new(8, 1, 128, WeightDtype.BF16, null, 64, 4097),
        new(6, 2, 80, WeightDtype.F16, null, 16, 257),
        new(8, 4, 96, WeightDtype.F32, null, 16, 300),
        new(14, 2, 64, WeightDtype.BF16, null, 64, 1000),
        new(5, 1, 96, WeightDtype.BF16, KvDtype.F8, 16, 700),
        new(32, 8, 128, WeightDtype.BF16, null, 64, 2048),
        new(6, 1, 64, WeightDtype.Q8_0, null, 16, 130),
        new(4, 2, 128, WeightDtype.Q4_0, KvDtype.F16, 64, 90),
    ];

    /// <summary>How far logits may be off as a whole, relative to their size: what the narrowest type between loses by rounding, over a few layers.</summary>
    public double Allowed => (Kv, Weights) switch
    {
        (KvDtype.F8, _) => 0.1,
        (_, WeightDtype.F32) => 1e-3,
        (_, WeightDtype.F16) => 1e-2,
        // The processor multiplies activations of 8 bits with them.
        (_, WeightDtype.Q8_0 or WeightDtype.Q4_0) => 6e-2,
        _ => 3e-2,
    };

    public override string ToString() => $"{Heads} heads of {HeadDim}, {KvHeads} of keys, {Weights}, keys of {Kv?.ToString() ?? "its activations"}, pages of {PageSizeTokens}, {PromptTokens} tokens";
}

/// <summary>How a case came out.</summary>
/// <param name="Case">Which.</param>
/// <param name="WorstError">Of the logits of one token, how far they are from the processor's, relative to their size.</param>
/// <param name="Tokens">That the device chose.</param>
/// <param name="DifferentTokens">Those that the host's sampler does not choose from the same logits.</param>
public sealed record CudaEqualityResult(CudaEqualityCase Case, double WorstError, int Tokens, int DifferentTokens)
{
    public bool IsEqual => WorstError <= Case.Allowed && DifferentTokens == 0;
}
