using System.Text.Json.Serialization;
using ActorInference.Host.Http.OpenAi.Tools;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>The answer to a chat request.</summary>
public sealed record ChatCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChoice> Choices, Usage Usage);

public sealed record ChatChoice(int Index, ChatAnswer Message, ChatLogprobs? Logprobs, string FinishReason)
{
    /// <summary>The stop string, or the id of the stop token, that ended it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public object? MatchedStop { get; init; }
}

/// <param name="Content">Null where the answer is calls alone.</param>
public sealed record ChatAnswer(string Role, string? Content, string? Refusal = null)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }
}

/// <summary>One event of a streamed chat answer. Reused from event to event.</summary>
public sealed class ChatChunk
{
    public required string Id { get; init; }

    public string Object { get; init; } = "chat.completion.chunk";

    public required long Created { get; init; }

    public required string Model { get; init; }

    public IReadOnlyList<ChatChunkChoice> Choices { get; set; } = [];

    /// <summary>Null where it was not asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StreamUsage? Usage { get; set; }
}

public sealed class ChatChunkChoice
{
    public int Index { get; set; }

    public ChatDelta Delta { get; } = new();

    public ChatLogprobs? Logprobs { get; set; }

    public string? FinishReason { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public object? MatchedStop { get; set; }
}

public sealed class ChatDelta
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; set; }
}

public sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content);

public sealed record ChatTokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<ChatTokenAlternative> TopLogprobs);

public sealed record ChatTokenAlternative(string Token, float Logprob, IReadOnlyList<int> Bytes);
