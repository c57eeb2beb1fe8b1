using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Engine;

/// <summary>
/// What an <see cref="InferenceEngine"/> reports, from within its methods and on the caller's thread. Nothing here may
/// call the engine. After <see cref="HandedOver"/>, <see cref="Finished"/> or <see cref="Failed"/> a sequence is gone and
/// its pages are back, but for those that the receiver of the event took references of.
/// </summary>
public interface IEngineEvents
{
    /// <summary>A <see cref="SequenceMode.Decode"/> sequence may be sent its pages.</summary>
    /// <param name="pages">Pages that are kept for it.</param>
    /// <param name="cachedPages">The first of them, which are here already and need not be sent.</param>
    void Granted(SequenceId sequence, int pages, int cachedPages);

    /// <summary>Compute has begun, for the first time or again after a preemption.</summary>
    /// <param name="cachedTokens">Tokens whose keys and values were there already.</param>
    /// <param name="tiers">Those of them that came from beyond the device's pool.</param>
    void Started(SequenceId sequence, int cachedTokens, TierTokens tiers);

    /// <summary>A chunk that was not the last is done.</summary>
    /// <param name="computedTokens">Tokens whose keys and values are in pages.</param>
    void Progressed(SequenceId sequence, int computedTokens);

    /// <summary>A token was chosen.</summary>
    /// <param name="index">Its place in the output.</param>
    void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob);

    /// <summary>Pages of a <see cref="SequenceMode.Prefill"/> sequence will not change any more. More follow.</summary>
    /// <param name="firstPage">Place of the first of them in the sequence.</param>
    /// <param name="pages">Page numbers; valid during the call, and the pages while the engine or the callee holds them.</param>
    void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages);

    /// <summary>The last pages of a <see cref="SequenceMode.Prefill"/> sequence, the last perhaps filled in part.</summary>
    /// <param name="nextToken">The token that was chosen; its keys and values are not in the pages.</param>
    void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken);

    /// <summary>Pages ran out and the sequence gave its own back; it goes on when there are enough again.</summary>
    void Preempted(SequenceId sequence);

    /// <param name="matchedToken">The token that ended it, if <see cref="FinishReason.Stop"/>.</param>
    void Finished(SequenceId sequence, FinishReason reason, int? matchedToken);

    /// <summary>The model cannot go on with this sequence; others are not affected.</summary>
    void Failed(SequenceId sequence, string reason);
}
