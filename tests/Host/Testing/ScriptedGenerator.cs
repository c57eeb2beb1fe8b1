using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Host.Serving;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Tests.Testing;

/// <summary>What a generation will do: tokens, then its last update. Without one it ends as the cluster would: by limit or end token.</summary>
/// <param name="Tokens">Ids in order; more than the request's limit are not sent.</param>
public sealed record Script(IReadOnlyList<int> Tokens)
{
    /// <summary>Last update; null for Stop at an end or stop token, Length at the limit, or Length after the last token.</summary>
    public GenerationUpdate? End { get; init; }

    public int CachedTokens { get; init; }

    /// <summary>Of those, the ones from beyond the device's pool.</summary>
    public TierTokens Tiers { get; init; }

    /// <summary>Waited for before the token of that index; null goes on at once.</summary>
    public Func<int, CancellationToken, Task>? Before { get; init; }

    public static Script Say(string text) => new(TestModel.Ids(text));

    /// <summary>A text and the end-of-sequence token.</summary>
    public static Script SayAll(string text) => new([.. TestModel.Ids(text), TestModel.Eos]);

    public static Script Fail(GenerationError error, string message) => new([]) { End = new GenerationFailed(error, message) };
}

/// <summary>A generator that follows a script and behaves as the contract says.</summary>
public sealed class ScriptedGenerator(Func<GenerationRequest, Script> script) : ITokenGenerator
{
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;

    public ConcurrentQueue<GenerationRequest> Requests { get; } = new();

    /// <summary>Generations that have begun and not ended.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Completes when a generation is left before its end.</summary>
    public Task Cancelled => _cancelled.Task;

    /// <summary>How often the cache was to be forgotten.</summary>
    public int Flushes { get; private set; }

    public Task<int> FlushCacheAsync(CancellationToken cancellationToken) => Task.FromResult(++Flushes);

    public async IAsyncEnumerable<GenerationUpdate> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        Interlocked.Increment(ref _running);
        var ended = false;
        try
        {
            var plan = script(request);
            var sampling = request.Sampling;
            GenerationUpdate? end = null;
            for (var index = 0; index < plan.Tokens.Count && end is null; index++)
            {
                if (plan.Before is not null) await plan.Before(index, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                var token = plan.Tokens[index];
                yield return new TokenGenerated(index, token, Logprob(token, sampling), plan.CachedTokens, plan.Tiers);
                var stops = (token == TestModel.Eos && !sampling.IgnoreEos) || sampling.StopTokenIds.Contains(token);
                end = stops ? new GenerationFinished(FinishReason.Stop, token, 0)
                    : index + 1 == sampling.MaxNewTokens ? new GenerationFinished(FinishReason.Length, null, 0)
                    : null;
            }

            ended = true;
            yield return plan.End ?? end ?? new GenerationFinished(FinishReason.Length, null, 0);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
            if (!ended) _cancelled.TrySetResult();
        }
    }

    /// <summary>Token t has log-probability -t/1000; the alternatives are t and the ones after it.</summary>
    private static TokenLogprob? Logprob(int token, SamplingOptions sampling) => sampling.TopLogprobs is not { } top ? null
        : new TokenLogprob(-token / 1000f, [.. Enumerable.Range(token, top).Select(id => new TokenAlternative(id % 256, -id / 1000f))]);
}
