using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>When a prompt was sent and its tokens came, by <see cref="Stopwatch"/>.</summary>
internal sealed record TimedAnswer(long SentAt, ImmutableArray<long> TokensAt);

/// <summary>Prompts that nobody has seen, so that no cache has any of them, and when their tokens come to the gateway's client.</summary>
internal sealed class TimedPrompts(ServedModel served, ITokenGenerator generator)
{
    private readonly Random _random = new(1);

    /// <summary>Tokens that can follow a prompt of so many.</summary>
    public int MostNewTokens(int promptTokens) => served.ContextTokens - promptTokens;

    /// <exception cref="GenerationFailedException">It failed.</exception>
    public async Task<TimedAnswer> RunAsync(int promptTokens, int newTokens, CancellationToken stop)
    {
        var request = Request(promptTokens, newTokens);
        var times = ImmutableArray.CreateBuilder<long>(newTokens);
        var sent = Stopwatch.GetTimestamp();
        await foreach (var time in StreamAsync(request, stop)) times.Add(time);
        return new TimedAnswer(sent, times.ToImmutable());
    }

    /// <summary>When each token came, as they come.</summary>
    /// <exception cref="GenerationFailedException">It failed.</exception>
    public IAsyncEnumerable<long> StreamAsync(int promptTokens, int newTokens, CancellationToken stop) => StreamAsync(Request(promptTokens, newTokens), stop);

    private async IAsyncEnumerable<long> StreamAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var update in generator.GenerateAsync(request, stop))
        {
            if (update is GenerationFailed failed) throw new GenerationFailedException(failed.Error, failed.Message);
            if (update is TokenGenerated) yield return Stopwatch.GetTimestamp();
        }
    }

    private GenerationRequest Request(int promptTokens, int newTokens)
    {
        ImmutableArray<int> prompt;
        lock (_random) prompt = [.. Enumerable.Range(0, promptTokens).Select(_ => _random.Next(served.VocabSize))];
        return new GenerationRequest(RequestId.New(), prompt, new SamplingOptions { Temperature = 0, MaxNewTokens = newTokens, IgnoreEos = true });
    }
}
