using System.Text.Json.Serialization;

namespace ActorInference.Host.Http.OpenAi.Tools;

/// <summary>A tool that the model wants called.</summary>
/// <param name="Name">Of the function.</param>
/// <param name="Arguments">JSON, as the model wrote it.</param>
internal sealed record ToolCall(string Name, string Arguments)
{
    /// <summary>Place among the answer's calls.</summary>
    public int Index { get; init; }
}

/// <summary>A call as answers have it.</summary>
public sealed record ChatToolCall(string Id, ChatFunction Function)
{
    /// <summary>In streams only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    public string Type { get; } = "function";

    internal static ChatToolCall Of(ToolCall call, bool isStreamed) =>
        new($"call_{Guid.NewGuid():n}", new ChatFunction(call.Name, call.Arguments)) { Index = isStreamed ? call.Index : null };
}

public sealed record ChatFunction(string Name, string Arguments);
