using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ActorInference.Gpu.ChatTemplates;

namespace ActorInference.Host.Serving;

/// <summary>A conversation as the model was trained to read it.</summary>
public sealed record ChatPrompt
{
    /// <summary>Objects with a role and content, at least one.</summary>
    public required JsonArray Messages { get; init; }

    /// <summary>Descriptions of tools, in OpenAI's form.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Further variables of the template.</summary>
    public JsonObject? Extra { get; init; }

    /// <summary>Whether the last message, the assistant's, is a beginning that the answer continues.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>One message of a user.</summary>
    public static ChatPrompt FromUser(string text) =>
        new() { Messages = [new JsonObject { ["role"] = "user", ["content"] = text }] };

    /// <summary>Renders and encodes it.</summary>
    /// <exception cref="ChatTemplateException">The template rejects it.</exception>
    public ImmutableArray<int> Encode(ChatTemplate template, ServedModel model)
    {
        var messages = Messages;
        var beginning = "";
        if (ContinueFinalMessage)
        {
            beginning = (string?)Messages[^1]?["content"] ?? "";
            messages = [.. Messages.SkipLast(1).Select(message => message?.DeepClone())];
        }

        var text = template.Render(new ChatTemplateInput
        {
            Messages = messages,
            Tools = Tools,
            AddGenerationPrompt = true,
            BosToken = Special(model, model.Tokenizer.BosTokenId),
            EosToken = Special(model, model.Tokenizer.EosTokenId),
            Extra = Extra,
        });
        return [.. model.Tokenizer.Encode(text + beginning, addSpecialTokens: false)];   // The template has written them.
    }

    private static string? Special(ServedModel model, int? tokenId) => tokenId is { } id ? model.Tokenizer.TokenText(id) : null;
}
