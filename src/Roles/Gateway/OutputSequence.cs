using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Roles.Gateway;

/// <summary>
/// The tokens of one generation as its client gets them: in order, each once. Prefill and decode send theirs on two ways,
/// so one may come before another; those are kept until the gap is filled.
/// </summary>
public sealed class OutputSequence
{
    private readonly List<int> _tokens = [];
    private readonly SortedDictionary<int, GenerationProtocol.TokenChosen> _early = [];
    private GenerationProtocol.Completed? _completed;
    private int _tokensBefore;

    /// <summary>Tokens that the client has.</summary>
    public int Count => _tokens.Count;

    /// <summary>Prompt tokens that were not computed for the first token.</summary>
    public int CachedTokens { get; private set; }

    /// <summary>Of those, the ones from beyond the device's pool.</summary>
    public TierTokens Tiers { get; private set; }

    public ImmutableArray<int> ToImmutable() => [.. _tokens];

    /// <summary>A new attempt goes on after the last token that the client has; what was ahead of that is void.</summary>
    public void BeginAttempt()
    {
        _early.Clear();
        _completed = null;
        _tokensBefore = _tokens.Count;
    }

    /// <summary>Whether more than the attempt's first token is out, which comes from prefill: decode then has all pages.</summary>
    public bool DecodeHasBegun => _tokens.Count > _tokensBefore + 1;

    /// <summary>Takes a token of the present attempt.</summary>
    /// <param name="emit">Called for each token whose turn it is.</param>
    public void Add(GenerationProtocol.TokenChosen token, Action<TokenGenerated> emit)
    {
        if (token.Index < _tokens.Count) return;
        _early[token.Index] = token;
        while (_early.Remove(_tokens.Count, out var next))
        {
            if (_tokens.Count == 0) (CachedTokens, Tiers) = (next.CachedTokens ?? 0, next.Tiers);
            _tokens.Add(next.TokenId);
            if (next.Ending is { } ending) Complete(new GenerationProtocol.Completed(next.Attempt, _tokens.Count, ending));
            emit(new TokenGenerated(next.Index, next.TokenId, next.Logprob, CachedTokens, Tiers));
        }
    }

    /// <summary>Takes the end of the present attempt.</summary>
    public void Complete(GenerationProtocol.Completed completed) => _completed = completed;

    /// <summary>The end, once every token before it is out.</summary>
    public GenerationProtocol.Ending? Ending => _completed is { } end && _tokens.Count >= end.OutputTokens ? end.Ending : null;
}
