using System.Diagnostics;
using System.Text;
using System.Text.Json;
using ActorInference.Actors.Generation;
using ActorInference.Host.Cli;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;

namespace ActorInference.Host.Commands;

/// <summary>Answers one prompt on the command line.</summary>
public sealed class PromptRun(ServedModel model, TextGeneration generation)
{
    private const int DefaultTokens = 256;

    /// <summary>Writes the answer, as it comes or as one JSON object.</summary>
    /// <param name="options">What to answer and how.</param>
    /// <param name="output">Gets the answer and nothing else.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="UserErrorException">The prompt does not fit.</exception>
    /// <exception cref="GenerationFailedException">The cluster gave up.</exception>
    public async Task RunAsync(PromptOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        var request = ToRequest(options);
        var started = Stopwatch.GetTimestamp();
        var (first, last) = (started, started);
        var text = new StringBuilder();
        var ids = new List<int>();
        var cachedTokens = 0;
        await foreach (var update in generation.RunAsync(request, cancellationToken))
        {
            last = Stopwatch.GetTimestamp();
            if (update.HasToken)
            {
                if (ids.Count == 0) first = last;
                ids.Add(update.TokenId);
            }

            cachedTokens = update.CachedTokens;
            text.Append(update.Text);
            if (options.Json) continue;
            await output.WriteAsync(update.Text);
            await output.FlushAsync(cancellationToken);
        }

        if (!options.Json)
        {
            await output.WriteLineAsync();
            return;
        }

        var decoding = Stopwatch.GetElapsedTime(first, last).TotalSeconds;
        var answer = new PromptAnswer(
            text.ToString(), ids, request.PromptIds.Length, ids.Count, cachedTokens, Stopwatch.GetElapsedTime(started, first).TotalMilliseconds,
            decoding > 0 ? (ids.Count - 1) / decoding : 0);
        await output.WriteLineAsync(JsonSerializer.Serialize(answer, ApiJson.Readable.PromptAnswer));
    }

    private TextRequest ToRequest(PromptOptions options)
    {
        var prompt = model.ChatTemplate is { } template && !options.Raw
            ? ChatPrompt.FromUser(options.Text).Encode(template, model)
            : [.. model.Tokenizer.Encode(options.Text)];
        if (!PromptBudget.TryGet(model.ContextTokens, prompt.Length, options.MaxTokens, DefaultTokens, "--max-tokens", out var newTokens, out var error))
            throw new UserErrorException(error);
        return new TextRequest(0, prompt, new SamplingOptions
        {
            MaxNewTokens = newTokens,
            Temperature = options.Temperature,
            TopP = options.TopP,
            TopK = options.TopK,
            RepetitionPenalty = model.Defaults.RepetitionPenalty ?? 1,
            Seed = unchecked((ulong)(options.Seed ?? Random.Shared.NextInt64())),
        });
    }
}

/// <summary>The answer of <c>up --prompt --json</c>.</summary>
/// <param name="TtftMs">From the request to the first token, in milliseconds.</param>
/// <param name="TokensPerSecond">Of the tokens after the first; 0 if there is none.</param>
public sealed record PromptAnswer(
    string Text, IReadOnlyList<int> OutputIds, int PromptTokens, int CompletionTokens, int CachedTokens, double TtftMs, double TokensPerSecond);
