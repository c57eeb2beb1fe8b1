using System.Text.Json.Nodes;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>What a chat template is rendered with. Nothing of it is changed.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>Objects with a role and content, oldest first: the variable <c>messages</c>.</summary>
    public required JsonArray Messages { get; init; }

    /// <summary>Descriptions of tools: the variable <c>tools</c>, None if null.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Whether the text ends where the assistant is to answer: the variable <c>add_generation_prompt</c>.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>The variable <c>bos_token</c>; undefined if null.</summary>
    public string? BosToken { get; init; }

    /// <summary>The variable <c>eos_token</c>; undefined if null.</summary>
    public string? EosToken { get; init; }

    /// <summary>Each field is a further variable, such as <c>enable_thinking</c>; stronger than the ones above.</summary>
    public JsonObject? Extra { get; init; }
}
