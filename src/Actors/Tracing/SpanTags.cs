namespace ActorInference.Actors.Tracing;

/// <summary>Names of what spans say: those of OpenTelemetry where it has some, else ours.</summary>
public static class SpanTags
{
    public const string ErrorType = "error.type";
    public const string Model = "gen_ai.request.model";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string CachedTokens = "gen_ai.usage.cache_read.input_tokens";
    public const string FinishReasons = "gen_ai.response.finish_reasons";
    public const string FirstTokenSeconds = "gen_ai.response.time_to_first_chunk";

    /// <summary>Of the cached tokens, those by tier: l1 the device, l2 host memory, l3 the cluster's stores.</summary>
    public const string CachedL1 = "actorinference.cached_tokens.l1";
    public const string CachedL2 = "actorinference.cached_tokens.l2";
    public const string CachedL3 = "actorinference.cached_tokens.l3";
    public const string Generation = "actorinference.generation";
    public const string Attempt = "actorinference.attempt";
    public const string Attempts = "actorinference.attempts";
    public const string OutputTokensBefore = "actorinference.output_tokens.before";
    public const string Worker = "actorinference.worker";
    public const string PrefillWorker = "actorinference.prefill.worker";
    public const string DecodeWorker = "actorinference.decode.worker";
    public const string Pages = "actorinference.pages";
    public const string CachedPages = "actorinference.cached_pages";
    public const string IsCancelled = "actorinference.cancelled";
}
