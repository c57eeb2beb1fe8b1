using System.Diagnostics;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Tracing;
using ActorInference.Host.Http.OpenAi;
using ActorInference.Host.Text;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Tracing;

/// <summary>The span of one answer, from when it is asked for to its last token. One caller at a time.</summary>
public sealed class GenerationSpan : IDisposable
{
    private readonly RequestSpan _owner;
    private readonly TextRequest _request;
    private readonly Activity _span;
    private int _outputTokens, _cachedTokens;
    private TierTokens _tiers;
    private bool _hasEnded;

    private GenerationSpan(RequestSpan owner, TextRequest request, Activity span, TraceContext context) =>
        (_owner, _request, _span, Context) = (owner, request, span, context);

    /// <summary>What the generation's spans belong to.</summary>
    public TraceContext Context { get; }

    internal static GenerationSpan? Begin(RequestSpan owner, TextRequest request)
    {
        var span = Spans.Begin("generation", owner.Context);
        if (TraceContext.Of(span) is not { } context) return null;
        var sampling = request.Sampling;
        span!.SetTag("gen_ai.request.max_tokens", sampling.MaxNewTokens).SetTag("gen_ai.request.temperature", (double)sampling.Temperature);
        span.SetTag("gen_ai.request.top_p", (double)sampling.TopP).SetTag("gen_ai.request.top_k", sampling.TopK);
        span.SetTag("actorinference.choice", request.Choice).SetTag(SpanTags.InputTokens, request.PromptIds.Length);
        return new GenerationSpan(owner, request, span, context);
    }

    public void Take(TokenGenerated token)
    {
        if (_outputTokens++ > 0) return;
        (_cachedTokens, _tiers) = (token.CachedTokens, token.Tiers);
        _span.SetTag(SpanTags.FirstTokenSeconds, (DateTime.UtcNow - _span.StartTimeUtc).TotalSeconds).SetCachedTiers(_cachedTokens, _tiers);
        _owner.TakeFirstToken();
    }

    /// <summary>The answer has ended; with a stop string, before the cluster knows.</summary>
    public void Finish(FinishReason reason)
    {
        if (!TryEnd(reason)) return;
        _span.SetTag(SpanTags.FinishReasons, new[] { FinishReasons.Word(reason) });
        Spans.End(_span);
    }

    public void Fail(GenerationFailed failed)
    {
        if (!TryEnd(finish: null)) return;
        _owner.Note(failed);
        Spans.Fail(_span, failed.Error.Word(), failed.Message);
    }

    /// <summary>Ends it; without <see cref="Finish"/> or <see cref="Fail"/> nobody wanted more.</summary>
    public void Dispose()
    {
        if (!TryEnd(finish: null)) return;
        _span.SetTag(SpanTags.IsCancelled, true);
        Spans.End(_span);
    }

    private bool TryEnd(FinishReason? finish)
    {
        if (_hasEnded) return false;
        _hasEnded = true;
        _span.SetTag(SpanTags.OutputTokens, _outputTokens);
        _owner.Add(_request, _outputTokens, _cachedTokens, _tiers, finish);
        return true;
    }
}
