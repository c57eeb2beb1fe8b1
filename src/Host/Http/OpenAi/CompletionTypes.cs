using System.Text.Json.Serialization;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>The answer to a completion request, and each event of a streamed one.</summary>
public sealed class Completion
{
    public required string Id { get; init; }

    public string Object { get; init; } = "text_completion";

    public required long Created { get; init; }

    public required string Model { get; init; }

    public IReadOnlyList<CompletionChoice> Choices { get; set; } = [];

    /// <summary>Null in a stream for which it was not asked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StreamUsage? Usage { get; set; }
}

public sealed class CompletionChoice
{
    public int Index { get; set; }

    public string Text { get; set; } = "";

    public CompletionLogprobs? Logprobs { get; set; }

    public string? FinishReason { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public object? MatchedStop { get; set; }

    /// <summary>Ids of the new tokens, if asked for by return_token_ids.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? TokenIds { get; set; }
}

/// <summary>Log-probabilities of the completions API: four lists with an entry a token.</summary>
public sealed record CompletionLogprobs(
    List<string> Tokens, List<float> TokenLogprobs, List<Dictionary<string, float>>? TopLogprobs, List<int> TextOffset);
