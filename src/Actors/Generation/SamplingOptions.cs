using System.Collections.Immutable;

namespace ActorInference.Actors.Generation;

/// <summary>How the tokens of one generation are chosen. Validated at the edge; workers trust it.</summary>
public sealed record SamplingOptions
{
    /// <summary>Tokens to generate at most, at least 1.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>Tokens before which no end-of-sequence or stop token is chosen. Default 0.</summary>
    public int MinNewTokens { get; init; }

    /// <summary>0 is greedy (below 1e-6 counts as 0); otherwise logits are divided by it.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Candidates kept, by probability. 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Probability mass kept, in (0, 1].</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Candidates below this share of the best one's probability are dropped, in [0, 1].</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens seen in prompt or output; (0, 2]. 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>Subtracted once from the logits of tokens in the output, [-2, 2].</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted per occurrence from the logits of tokens in the output, [-2, 2].</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>
    /// Draw number n depends on (seed, n) alone, so that a generation resumed elsewhere draws the same.
    /// The edge fills it in when the client gives none.
    /// </summary>
    public ulong Seed { get; init; }

    /// <summary>Tokens that end the generation, beside the model's own end-of-sequence tokens.</summary>
    public ImmutableArray<int> StopTokenIds { get; init; } = [];

    /// <summary>Keep generating through end-of-sequence tokens.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Added to the logits of the given tokens; null if none.</summary>
    public ImmutableDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Null: no log-probabilities. 0: of the chosen token. n: of the n best as well. At most 20.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>
    /// Tokens that are guessed at a time, at most <see cref="MaxPromptLookupTokens"/>, where the text repeats what came
    /// before, and checked by the model in one step. Changes the speed and no token. 0 is off.
    /// </summary>
    public int PromptLookupTokens { get; init; }

    public const int MaxPromptLookupTokens = 16;

    /// <summary>What the output must be; null for anything. It ends where nothing may follow, whatever other options say of its end.</summary>
    public OutputConstraint? Constraint { get; init; }
}
