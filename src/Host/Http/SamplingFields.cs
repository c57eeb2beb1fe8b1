using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http;

/// <summary>The fields that the APIs name differently.</summary>
/// <param name="MaxTokens">Names of the limit of new tokens; the first that is present counts.</param>
/// <param name="MinTokens">Name of the number of tokens that must be generated.</param>
/// <param name="Seed">Name of the seed.</param>
public sealed record SamplingDialect(ImmutableArray<string> MaxTokens, string MinTokens, string Seed)
{
    public static SamplingDialect OpenAi { get; } = new(["max_completion_tokens", "max_tokens"], "min_tokens", "seed");

    public static SamplingDialect Sglang { get; } = new(["max_new_tokens"], "min_new_tokens", "sampling_seed");
}

/// <summary>How a client wants its answers sampled; MaxNewTokens waits for the prompt's length.</summary>
public sealed record SamplingFields
{
    private const float MaxTemperature = 100;

    /// <summary>All but MaxNewTokens is final.</summary>
    public required SamplingOptions Options { get; init; }

    /// <summary>The limit that the client set, at least 1; null if it set none.</summary>
    public required int? MaxTokens { get; init; }

    /// <summary>Name of that limit's field, for messages.</summary>
    public required string MaxTokensField { get; init; }

    /// <summary>Answers to each prompt, at least 1.</summary>
    public required int Count { get; init; }

    public required ImmutableArray<string> StopStrings { get; init; }

    public required bool SkipSpecialTokens { get; init; }

    public required bool KeepStop { get; init; }

    /// <summary>Reads them; where the client is silent the model's advice counts, then the API's default.</summary>
    /// <exception cref="ApiException">A field is wrong.</exception>
    public static SamplingFields Read(JsonFields fields, SamplingDialect dialect, ServedModel model)
    {
        var maxField = dialect.MaxTokens.FirstOrDefault(fields.Has) ?? dialect.MaxTokens[0];
        var maxTokens = fields.Int(maxField, 1);
        var minTokens = fields.Int(dialect.MinTokens, 0) ?? 0;
        if (minTokens > maxTokens)
            throw ApiException.Field(fields.Path(dialect.MinTokens), $"{minTokens}", $"at most {maxField}, which is {maxTokens}");

        return new SamplingFields
        {
            Options = ReadOptions(fields, model) with
            {
                MinNewTokens = minTokens,
                Seed = unchecked((ulong)(fields.Long(dialect.Seed) ?? Random.Shared.NextInt64())),
                Constraint = ConstraintFields.Read(fields),
            },
            MaxTokens = maxTokens,
            MaxTokensField = fields.Path(maxField),
            Count = fields.Int("n", 1, HttpLimits.MaxChoices) ?? 1,
            StopStrings = fields.Texts("stop", HttpLimits.MaxStopStrings, HttpLimits.MaxStopCharacters),
            SkipSpecialTokens = fields.Flag("skip_special_tokens", true),
            KeepStop = fields.Flag("no_stop_trim"),
        };
    }

    /// <summary>The requests for all answers, prompt by prompt.</summary>
    /// <param name="prompts">Encoded prompts, at least one.</param>
    /// <param name="model">The model served.</param>
    /// <param name="defaultTokens">New tokens if the client set no limit, cut to the context; null is the rest of the context.</param>
    /// <param name="promptField">Name of the prompt's field, for messages.</param>
    /// <exception cref="ApiException">A prompt is too long, or there are too many answers.</exception>
    public ImmutableArray<TextRequest> Expand(IReadOnlyList<ImmutableArray<int>> prompts, ServedModel model, int? defaultTokens, string promptField)
    {
        if (prompts.Count * Count > HttpLimits.MaxChoices)
            throw ApiException.Field("n", $"{Count}", $"at most {HttpLimits.MaxChoices / prompts.Count} for {prompts.Count} prompts");
        var requests = ImmutableArray.CreateBuilder<TextRequest>(prompts.Count * Count);
        foreach (var prompt in prompts)
        {
            if (!PromptBudget.TryGet(model.ContextTokens, prompt.Length, MaxTokens, defaultTokens, MaxTokensField, out var newTokens, out var error))
                throw new ApiException(ApiError.BadRequest(error, prompt.Length < model.ContextTokens ? MaxTokensField : promptField, "context_length_exceeded"));
            for (var draw = 0; draw < Count; draw++) requests.Add(ToRequest(requests.Count, draw, prompt, newTokens));
        }

        return requests.MoveToImmutable();
    }

    /// <summary>One answer; those to the same prompt draw differently.</summary>
    private TextRequest ToRequest(int choice, int draw, ImmutableArray<int> promptIds, int newTokens) =>
        new(choice, promptIds, Options with { MaxNewTokens = newTokens, Seed = unchecked(Options.Seed + (ulong)draw) })
        {
            StopStrings = StopStrings,
            SkipSpecialTokens = SkipSpecialTokens,
            KeepStop = KeepStop,
        };

    private static SamplingOptions ReadOptions(JsonFields fields, ServedModel model)
    {
        var advice = model.Defaults;
        var topK = fields.Int("top_k", -1) ?? advice.TopK ?? 0;
        return new SamplingOptions
        {
            Temperature = fields.Number("temperature", 0, MaxTemperature) ?? advice.Temperature ?? 1,
            TopP = fields.Number("top_p", 0, 1, aboveMin: true) ?? advice.TopP ?? 1,
            TopK = Math.Max(topK, 0),   // SGLang writes "all" as -1.
            MinP = fields.Number("min_p", 0, 1) ?? advice.MinP ?? 0,
            RepetitionPenalty = fields.Number("repetition_penalty", 0, 2, aboveMin: true) ?? advice.RepetitionPenalty ?? 1,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
            StopTokenIds = fields.TokenIds("stop_token_ids", model.VocabSize, HttpLimits.MaxStopTokenIds),
            IgnoreEos = fields.Flag("ignore_eos"),
            LogitBias = ReadLogitBias(fields, model.VocabSize),
            PromptLookupTokens = fields.Int("prompt_lookup_num_tokens", 0, SamplingOptions.MaxPromptLookupTokens) ?? 0,
        };
    }

    private static ImmutableDictionary<int, float>? ReadLogitBias(JsonFields fields, int vocabSize)
    {
        if (fields.Object("logit_bias") is not { } biases) return null;
        var read = ImmutableDictionary.CreateBuilder<int, float>();
        foreach (var entry in biases.Element.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, out var id) || id < 0 || id >= vocabSize)
                throw ApiException.Field(fields.Path("logit_bias"), $"{{\"{entry.Name}\": ...}}", $"keys that are token ids from 0 to {vocabSize - 1}");
            read[id] = JsonFields.Number(entry.Value, biases.Path(entry.Name), -100, 100);
            if (read.Count > HttpLimits.MaxLogitBiases)
                throw ApiException.Field(fields.Path("logit_bias"), "longer", $"at most {HttpLimits.MaxLogitBiases} tokens");
        }

        return read.Count == 0 ? null : read.ToImmutable();
    }
}
