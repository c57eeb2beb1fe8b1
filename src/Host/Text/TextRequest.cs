using System.Collections.Immutable;
using ActorInference.Actors.Generation;

namespace ActorInference.Host.Text;

/// <summary>One prompt to continue as text.</summary>
/// <param name="Choice">Position in the answer; the updates carry it.</param>
/// <param name="PromptIds">Validated: at least one id, each within the vocabulary.</param>
/// <param name="Sampling">Validated.</param>
public sealed record TextRequest(int Choice, ImmutableArray<int> PromptIds, SamplingOptions Sampling)
{
    /// <summary>Strings that end the generation. None is empty.</summary>
    public ImmutableArray<string> StopStrings { get; init; } = [];

    /// <summary>Whether special tokens leave no text.</summary>
    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>Whether the stop string or token that ended the generation stays in the text.</summary>
    public bool KeepStop { get; init; }

    /// <summary>Only requests with the same one share cached pages; null for the common ones.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Ends the generation with <see cref="FinishReason.Aborted"/>, as a result and not as an exception.</summary>
    public CancellationToken Aborted { get; init; }
}
