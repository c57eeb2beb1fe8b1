using System.Collections.Immutable;
using System.Text.Json;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>What chat and completion requests have in common, read and checked.</summary>
public sealed record OpenAiCall
{
    /// <summary>Fields of these names ask for something that this server does not do; null, false and "" ask for nothing.</summary>
    private static readonly (string Field, string What)[] Unsupported =
    [
        ("functions", "function calling by functions"),
        ("function_call", "function calling by functions"),
        ("audio", "audio output"),
        ("prediction", "predicted output"),
        ("web_search_options", "web search"),
        ("lora_path", "serving LoRA adapters"),
        ("input_embeds", "prompting by embeddings"),
    ];

    /// <summary>Id of the answer; unique among requests under way.</summary>
    public required string Id { get; init; }

    /// <summary>One for each answer, prompt by prompt.</summary>
    public required ImmutableArray<TextRequest> Requests { get; init; }

    /// <summary>Length of each prompt.</summary>
    public required ImmutableArray<int> PromptTokens { get; init; }

    public required int AnswersPerPrompt { get; init; }

    public bool Stream { get; init; }

    /// <summary>Whether the stream ends with an event about usage.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Reads the common fields.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="idPrefix">What a generated id begins with.</param>
    /// <param name="prompts">Encoded prompts.</param>
    /// <param name="sampling">Sampling, with log-probabilities as the API wants them.</param>
    /// <param name="requests">What <see cref="SamplingFields.Expand"/> made of these.</param>
    public static OpenAiCall Read(
        JsonFields fields, string idPrefix, IReadOnlyList<ImmutableArray<int>> prompts, SamplingFields sampling, ImmutableArray<TextRequest> requests)
    {
        var stream = fields.Flag("stream");
        var includeUsage = fields.Object("stream_options")?.Flag("include_usage") ?? false;
        return new OpenAiCall
        {
            Id = fields.Text("rid") ?? $"{idPrefix}-{Guid.NewGuid():n}",
            Requests = CachingFields.Read(fields).Apply(requests),
            PromptTokens = [.. prompts.Select(prompt => prompt.Length)],
            AnswersPerPrompt = sampling.Count,
            Stream = stream,
            IncludeUsage = stream && includeUsage,
        };
    }

    /// <summary>Refuses another model's name, and fields that change the answer in ways we do not know.</summary>
    public static void Check(JsonFields fields, ServedModel model)
    {
        if (fields.Text("model") is { Length: > 0 } name && name != model.Name)
            throw new ApiException(ApiError.NotFound($"The model '{name}' does not exist; this server has '{model.Name}'.", "model", "model_not_found"));
        foreach (var (field, what) in Unsupported)
        {
            if (fields.TryGet(field, out var value) && !IsNothing(value)) throw ApiException.Unsupported(field, what);
        }
    }

    private static bool IsNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };
}
