using System.Collections.Immutable;
using System.Runtime.Serialization;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Actors.Serialization;

/// <summary>Forms of a chosen token and of an ending; the first is written and read once for every token.</summary>
internal static class TokenForms
{
    public static Wire.TokenChosen Write(GenerationProtocol.TokenChosen chosen)
    {
        var wire = new Wire.TokenChosen
        {
            Attempt = IdForms.Write(chosen.Attempt),
            Index = chosen.Index,
            TokenId = chosen.TokenId,
            HostTokens = chosen.Tiers.Host,
            StorageTokens = chosen.Tiers.Storage,
        };
        if (chosen.CachedTokens is { } cached) wire.CachedTokens = cached;
        if (chosen.Ending is { } ending) wire.Ending = Write(ending);
        if (chosen.Logprob is { } logprob) wire.Logprob = Write(logprob);
        return wire;
    }

    public static GenerationProtocol.TokenChosen Read(Wire.TokenChosen wire) => new(
        IdForms.Read(wire.Attempt),
        wire.Index,
        wire.TokenId,
        wire.Logprob is { } logprob ? Read(logprob) : null,
        wire.HasCachedTokens ? wire.CachedTokens : null,
        wire.Ending is { } ending ? Read(ending) : null,
        new TierTokens(wire.HostTokens, wire.StorageTokens));

    public static Wire.Ending Write(GenerationProtocol.Ending ending)
    {
        var wire = new Wire.Ending { Reason = Write(ending.Reason) };
        if (ending.MatchedTokenId is { } matched) wire.MatchedTokenId = matched;
        return wire;
    }

    public static GenerationProtocol.Ending Read(Wire.Ending wire) =>
        new(Read(wire.Reason), wire.HasMatchedTokenId ? wire.MatchedTokenId : null);

    private static Wire.TokenLogprob Write(TokenLogprob logprob)
    {
        var wire = new Wire.TokenLogprob { Logprob = logprob.Logprob };
        if (logprob.Top.IsDefaultOrEmpty) return wire;
        foreach (var alternative in logprob.Top)
        {
            wire.TopTokenIds.Add(alternative.TokenId);
            wire.TopLogprobs.Add(alternative.Logprob);
        }

        return wire;
    }

    private static TokenLogprob Read(Wire.TokenLogprob wire)
    {
        Fields.CheckSameLength(wire.TopTokenIds.Count, "logprob.top_token_ids", wire.TopLogprobs.Count, "logprob.top_logprobs");
        var top = ImmutableArray.CreateBuilder<TokenAlternative>(wire.TopTokenIds.Count);
        for (var i = 0; i < wire.TopTokenIds.Count; i++) top.Add(new TokenAlternative(wire.TopTokenIds[i], wire.TopLogprobs[i]));
        return new TokenLogprob(wire.Logprob, top.MoveToImmutable());
    }

    private static Wire.FinishReason Write(FinishReason reason) => reason switch
    {
        FinishReason.Stop => Wire.FinishReason.Stop,
        FinishReason.Length => Wire.FinishReason.Length,
        FinishReason.Aborted => Wire.FinishReason.Aborted,
        _ => throw new SerializationException($"reason is {reason}, which has no form."),
    };

    private static FinishReason Read(Wire.FinishReason reason) => reason switch
    {
        Wire.FinishReason.Stop => FinishReason.Stop,
        Wire.FinishReason.Length => FinishReason.Length,
        Wire.FinishReason.Aborted => FinishReason.Aborted,
        _ => throw new SerializationException($"reason is {(int)reason}; it must be 1 (stop), 2 (length) or 3 (aborted)."),
    };
}
