using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Tokenization;
using ActorInference.Host.Serving;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Text;

/// <summary>
/// Turns the tokens of one generation into text: detokenizes, finds stop strings, trims what ended it. A token that by
/// its number or kind may be the last waits for what follows, so that its update can carry the finish.
/// </summary>
public sealed class TextAssembler(TextRequest request, ServedModel model)
{
    private readonly DetokenizerStream _detokenizer = model.Tokenizer.CreateContinuation(request.SkipSpecialTokens);
    private readonly StopMatcher _stops = new(request.StopStrings, request.KeepStop);
    private TokenGenerated? _released;
    private TokenGenerated? _newest;
    private int _cachedTokens;
    private TierTokens _tiers;

    /// <summary>Takes the next token; then <see cref="TryTake"/> until it is false.</summary>
    public void Add(TokenGenerated token)
    {
        _released = _newest;
        _newest = token;
    }

    /// <summary>An update that is due. If it has a finish, a stop string is complete and nothing may follow.</summary>
    public bool TryTake(out TextUpdate update)
    {
        update = default;
        var token = _released;
        _released = null;
        if (token is null && _newest is not null && !MayBeLast(_newest)) (token, _newest) = (_newest, null);
        if (token is null) return false;

        var text = Match(token.Index, _detokenizer.Push(token.TokenId));
        var finish = _stops.Matched is null ? null : new TextFinish(FinishReason.Stop, MatchedText: _stops.Matched);
        update = Update(token, text, finish);
        return true;
    }

    /// <summary>The last update, with the last token if that was still waiting.</summary>
    public TextUpdate End(GenerationFinished finished)
    {
        var last = _newest;
        var endedIt = finished.Reason == FinishReason.Stop && finished.MatchedTokenId == last?.TokenId;
        var text = last is null || (endedIt && !request.KeepStop) ? "" : Match(last.Index, _detokenizer.Push(last.TokenId));
        text += _stops.Push(_detokenizer.Flush());
        text += _stops.Flush();
        return Update(last, text, _stops.Matched is null
            ? new TextFinish(finished.Reason, finished.MatchedTokenId)
            : new TextFinish(FinishReason.Stop, MatchedText: _stops.Matched));
    }

    /// <summary>Stop strings count from the last of the tokens that must be generated on.</summary>
    private string Match(int index, string piece) => index + 1 < request.Sampling.MinNewTokens ? piece : _stops.Push(piece);

    private bool MayBeLast(TokenGenerated token) =>
        token.Index + 1 >= request.Sampling.MaxNewTokens
        || (!request.Sampling.IgnoreEos && model.EosTokenIds.Contains(token.TokenId))
        || request.Sampling.StopTokenIds.Contains(token.TokenId);

    private TextUpdate Update(TokenGenerated? token, string text, TextFinish? finish)
    {
        if (token is not null) (_cachedTokens, _tiers) = (token.CachedTokens, token.Tiers);
        return new TextUpdate(request.Choice, token?.Index ?? -1, token?.TokenId ?? -1, text, token?.Logprob, _cachedTokens, finish, _tiers);
    }
}
