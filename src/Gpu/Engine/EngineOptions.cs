using System.Collections.Immutable;

namespace ActorInference.Gpu.Engine;

/// <summary>Limits of one <see cref="InferenceEngine"/>.</summary>
public sealed record EngineOptions
{
    /// <summary>Sequences that compute or wait for their pages at the same time, at least 1. Default 64.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Tokens in a step, at least 1; the runner's own limit holds too. Default 512.</summary>
    public int MaxStepTokens { get; init; } = 512;

    /// <summary>
    /// Time that a step with prompt tokens in it should take: it bounds how long a running generation waits for its next
    /// token, and how long a worker is deaf to commands. <see cref="TimeSpan.Zero"/> always fills a step. Default 250 ms.
    /// </summary>
    public TimeSpan StepTarget { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Of a step in which sequences only decode, how long one may last that takes tokens of prompts besides: it bounds the pauses in
    /// running generations while others begin. Above 1, or 0 for no such limit; none either where <see cref="StepTarget"/> is zero. Default 1.75.
    /// </summary>
    public double StepStretch { get; init; } = 1.75;

    /// <summary>Tokens that admission expects every running sequence to add before pages come back, at least 1. Default 64.</summary>
    public int GrowthWindowTokens { get; init; } = 64;

    /// <summary>How many younger sequences may be admitted past one that does not fit yet. 0 keeps strict order. Default 32.</summary>
    public int MaxBypasses { get; init; } = 32;

    /// <summary>
    /// With a prefix cache, a sequence waits for one that computes at least so many tokens of its prompt already; at least 1.
    /// <see cref="int.MaxValue"/> never waits. Default 64.
    /// </summary>
    public int MinSharedTokens { get; init; } = 64;

    /// <summary>Who is admitted next. Default: first come, first served.</summary>
    public AdmissionOrder Order { get; init; }

    /// <summary>With <see cref="AdmissionOrder.LongestPrefix"/>: cached tokens that a second of waiting is worth, above 0. Default 1,000.</summary>
    public double AgingTokensPerSecond { get; init; } = 1_000;

    /// <summary>
    /// Pages of the second tier are brought layer by layer, while a step computes with them, where they have at least so many bytes;
    /// fewer, before the step. 0 brings all of them before it. Default 1 MiB.
    /// </summary>
    public long OverlapLoadBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Pages of sequences that generate are copied to the second tier at most so many bytes of each a step, so that a prompt which came from elsewhere
    /// does not hold up the others' next tokens; those of prompts that are computed here, and of sequences that end, at once. 0 is no limit. Default 1 MiB.
    /// </summary>
    public long TierBytesPerStep { get; init; } = 1 << 20;

    /// <summary>
    /// How long threads that compute go on before the system considers others on their processor, so that these, which pass on tokens and pages, come
    /// first when they wake. <see cref="TimeSpan.Zero"/> leaves it to the system. Linux 6.12 and later. Default 20 ms.
    /// </summary>
    public TimeSpan Turn { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>What a token of a prompt takes to compute, as far as it is known before the first one; 0 if it is not.</summary>
    public double SecondsPerPromptToken { get; init; }

    /// <summary>The model's end-of-sequence tokens.</summary>
    public ImmutableArray<int> EndTokenIds { get; init; } = [];

    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxSequences);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxStepTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(StepTarget, TimeSpan.Zero);
        if (StepStretch != 0) ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StepStretch, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(GrowthWindowTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxBypasses);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MinSharedTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(AgingTokensPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegative(OverlapLoadBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(TierBytesPerStep);
        ArgumentOutOfRangeException.ThrowIfLessThan(Turn, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(SecondsPerPromptToken);
    }
}

/// <summary>In which order waiting sequences are admitted.</summary>
public enum AdmissionOrder
{
    /// <summary>First come, first served.</summary>
    Arrival,

    /// <summary>Longest cached prefix first; waiting counts too, so that nobody starves.</summary>
    LongestPrefix,
}
