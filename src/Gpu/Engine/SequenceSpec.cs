using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Constraints;

namespace ActorInference.Gpu.Engine;

/// <summary>What an engine does with a sequence.</summary>
public enum SequenceMode
{
    /// <summary>Computes prompt and output so far, chooses one token, hands the pages over, and forgets it.</summary>
    Prefill,

    /// <summary>Waits for pages that another engine computed, then generates.</summary>
    Decode,

    /// <summary>Computes the prompt and generates, all here.</summary>
    Generate,
}

/// <summary>A sequence as it is given to an engine.</summary>
/// <param name="PromptIds">At least one token, each in <c>[0, vocab)</c>.</param>
/// <param name="OutputIds">Tokens that were generated already, perhaps elsewhere; fewer than MaxNewTokens.</param>
/// <param name="Sampling">How to go on.</param>
/// <param name="Mode">What is to be done here.</param>
public sealed record SequenceSpec(ImmutableArray<int> PromptIds, ImmutableArray<int> OutputIds, SamplingOptions Sampling, SequenceMode Mode)
{
    /// <summary>Only sequences of the same namespace share cached pages.</summary>
    public KvNamespaceId Space { get; init; }

    /// <summary>What the cache's policy <c>priority</c> goes by; admission does not.</summary>
    public int Priority { get; init; }

    /// <summary>Its <see cref="SamplingOptions.Constraint"/>, made ready; null if there is none.</summary>
    internal TokenConstraint? Constraint { get; init; }
}
