using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;

namespace ActorInference.Host.Text;

/// <summary>
/// What one more token added. The last update of a choice, and only that, has a <see cref="Finish"/>; it carries the last
/// token too, except when the generation ended unforeseen (<see cref="HasToken"/> is false then).
/// </summary>
/// <param name="Choice">The request's <see cref="TextRequest.Choice"/>.</param>
/// <param name="Index">Position of the token in the output; -1 without a token.</param>
/// <param name="TokenId">The token.</param>
/// <param name="Text">Text that became certain, perhaps empty.</param>
/// <param name="Logprob">Null unless asked for.</param>
/// <param name="CachedTokens">Prompt tokens that were not computed.</param>
/// <param name="Finish">Why it ended, in the last update.</param>
/// <param name="Tiers">Of the cached tokens, those from beyond the device's pool.</param>
public readonly record struct TextUpdate(
    int Choice, int Index, int TokenId, string Text, TokenLogprob? Logprob, int CachedTokens, TextFinish? Finish, TierTokens Tiers = default)
{
    public bool HasToken => Index >= 0;
}

/// <summary>Why a text ended.</summary>
/// <param name="Reason">Stop covers end-of-sequence and stop tokens, and stop strings.</param>
/// <param name="MatchedTokenId">The end-of-sequence or stop token.</param>
/// <param name="MatchedText">The stop string.</param>
public sealed record TextFinish(FinishReason Reason, int? MatchedTokenId = null, string? MatchedText = null);
