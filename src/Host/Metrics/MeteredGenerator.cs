using System.Diagnostics;
using System.Runtime.CompilerServices;
using ActorInference.Host.Serving;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Metrics;

/// <summary>Measures generations as their client sees them.</summary>
public sealed class MeteredGenerator(ITokenGenerator inner, InferenceMetrics metrics) : ITokenGenerator
{
    public Task<int> FlushCacheAsync(CancellationToken cancellationToken) => inner.FlushCacheAsync(cancellationToken);

    public async IAsyncEnumerable<GenerationUpdate> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var last = started;
        GenerationUpdate? end = null;
        metrics.Begin();
        try
        {
            await foreach (var update in inner.GenerateAsync(request, cancellationToken).ConfigureAwait(false))
            {
                if (update is TokenGenerated token)
                {
                    var now = Stopwatch.GetTimestamp();
                    var seconds = Stopwatch.GetElapsedTime(last, now).TotalSeconds;
                    if (token.Index == 0) metrics.First(seconds, request.PromptIds.Length, token.CachedTokens, token.Tiers);
                    else metrics.Next(seconds);
                    last = now;
                }
                else
                {
                    end = update;
                }

                yield return update;
            }
        }
        finally
        {
            metrics.End(Stopwatch.GetElapsedTime(started).TotalSeconds, end);
        }
    }
}
