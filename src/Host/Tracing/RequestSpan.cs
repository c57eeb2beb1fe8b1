using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Tracing;
using ActorInference.Host.Http.OpenAi;
using ActorInference.Host.Text;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Tracing;

/// <summary>The span of one HTTP request, which sums up its answers. Thread-safe.</summary>
/// <param name="span">The request's.</param>
/// <param name="context">What its parts belong to.</param>
public sealed class RequestSpan(Activity span, TraceContext context)
{
    private static readonly AsyncLocal<RequestSpan?> Present = new();

    private readonly Lock _lock = new();
    private readonly HashSet<ImmutableArray<int>> _prompts = [];
    private readonly SortedDictionary<int, string> _finishReasons = [];
    private int _promptTokens, _outputTokens, _cachedTokens;
    private TierTokens _tiers;
    private double? _firstToken;
    private GenerationFailed? _failure;

    /// <summary>Of the request that the present code works for; null if that is not traced.</summary>
    public static RequestSpan? Current
    {
        get => Present.Value;
        internal set => Present.Value = value;
    }

    /// <summary>Begins a part that ends with <see cref="StepSpan.Dispose"/>.</summary>
    public static StepSpan Step(string name) => new(Current is { } request ? Spans.Begin(name, request.Context) : null);

    internal TraceContext Context => context;

    /// <summary>Begins one of its answers.</summary>
    /// <returns>Null if it is not recorded.</returns>
    public GenerationSpan? Begin(TextRequest request) => GenerationSpan.Begin(this, request);

    /// <summary>Names the answer.</summary>
    public void NameAnswer(string id) => span.SetTag("gen_ai.response.id", id);

    internal void TakeFirstToken()
    {
        lock (_lock) _firstToken ??= (DateTime.UtcNow - span.StartTimeUtc).TotalSeconds;
    }

    /// <summary>Notes that an answer failed, which a stream that has begun has no status for.</summary>
    internal void Note(GenerationFailed failure)
    {
        lock (_lock) _failure ??= failure;
    }

    /// <summary>Adds an answer that has ended.</summary>
    /// <param name="finish">Null if it ended without one.</param>
    internal void Add(TextRequest request, int outputTokens, int cachedTokens, TierTokens tiers, FinishReason? finish)
    {
        lock (_lock)
        {
            if (_prompts.Add(request.PromptIds))
            {
                // Several answers to one prompt count it once.
                _promptTokens += request.PromptIds.Length;
                _cachedTokens += cachedTokens;
                _tiers = new TierTokens(_tiers.Host + tiers.Host, _tiers.Storage + tiers.Storage);
            }

            _outputTokens += outputTokens;
            if (finish is { } reason) _finishReasons[request.Choice] = FinishReasons.Word(reason);
        }
    }

    /// <param name="hasLeft">Whether the client did not wait for the end.</param>
    internal void End(int status, bool hasLeft)
    {
        lock (_lock)
        {
            span.SetTag("http.response.status_code", status).SetTag(SpanTags.InputTokens, _promptTokens).SetTag(SpanTags.OutputTokens, _outputTokens);
            span.SetCachedTiers(_cachedTokens, _tiers);
            if (_finishReasons.Count > 0) span.SetTag(SpanTags.FinishReasons, _finishReasons.Values.ToArray());
            if (_firstToken is { } seconds) span.SetTag(SpanTags.FirstTokenSeconds, seconds);
            if (hasLeft) span.SetTag(SpanTags.IsCancelled, true);
        }

        if (status >= StatusCodes.Status500InternalServerError) Spans.Fail(span, status.ToString(CultureInfo.InvariantCulture), _failure?.Message ?? $"HTTP {status}");
        else if (status < StatusCodes.Status400BadRequest && _failure is { } failure) Spans.Fail(span, failure.Error.Word(), failure.Message);
        else Spans.End(span);
    }
}

/// <summary>A part of a request that is done by one thread.</summary>
public readonly struct StepSpan(Activity? span) : IDisposable
{
    public void Dispose() => Spans.End(span);
}
