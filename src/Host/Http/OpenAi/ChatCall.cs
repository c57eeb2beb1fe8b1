using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Serving;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>A request for a chat completion, read and checked.</summary>
/// <param name="Common">What it shares with completions.</param>
/// <param name="WithLogprobs">Whether answers list log-probabilities.</param>
public sealed record ChatCall(OpenAiCall Common, bool WithLogprobs)
{
    /// <exception cref="ApiException">A field is wrong, or the model takes no chat.</exception>
    public static ChatCall Read(JsonFields fields, ServedModel model)
    {
        OpenAiCall.Check(fields, model);
        var messages = ChatMessages.Read(fields);
        var template = model.ChatTemplate
            ?? throw new ApiException(ApiError.BadRequest($"The model '{model.Name}' has no chat template; use /v1/completions.", "model", "no_chat_template"));
        var chat = new ChatPrompt
        {
            Messages = messages,
            Tools = ReadTools(fields),
            Extra = fields.Object("chat_template_kwargs") is { } extra ? JsonNode.Parse(extra.Element.GetRawText())!.AsObject() : null,
            ContinueFinalMessage = ReadContinue(fields, messages),
        };
        var logprobs = fields.Flag("logprobs");
        var top = fields.Int("top_logprobs", 0, HttpLimits.MaxTopLogprobs);
        if (top is not null && !logprobs) throw ApiException.Field("top_logprobs", $"{top}", "logprobs to be true beside it");

        var sampling = SamplingFields.Read(fields, SamplingDialect.OpenAi, model);
        sampling = sampling with { Options = sampling.Options with { TopLogprobs = logprobs ? top ?? 0 : null } };
        var prompt = chat.Encode(template, model);
        return new ChatCall(OpenAiCall.Read(fields, "chatcmpl", [prompt], sampling, sampling.Expand([prompt], model, defaultTokens: null, "messages")), logprobs);
    }

    private static bool ReadContinue(JsonFields fields, JsonArray messages)
    {
        if (!fields.Flag("continue_final_message")) return false;
        if ((string?)messages[^1]!["role"] == "assistant" && messages.Count > 1) return true;
        throw ApiException.Field("continue_final_message", "true", "a last message of the role assistant after others");
    }

    private static JsonArray? ReadTools(JsonFields fields)
    {
        if (fields.TryGet("tool_choice", out var choice))
        {
            if (choice.ValueKind == JsonValueKind.Object || (choice.ValueKind == JsonValueKind.String && choice.ValueEquals("required")))
                throw ApiException.Unsupported("tool_choice", "forcing a tool call");
            if (choice.ValueKind != JsonValueKind.String || !(choice.ValueEquals("auto") || choice.ValueEquals("none")))
                throw JsonFields.Wrong("tool_choice", choice, "\"auto\" or \"none\"");
            if (choice.ValueEquals("none")) return null;
        }

        if (fields.Array("tools", "an array of tools") is not { } tools || tools.GetArrayLength() == 0) return null;
        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            var path = $"tools[{index++}]";
            if (tool.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(path, tool, "an object with type and function");
            if (new JsonFields(tool, path + ".").Object("function")?.Text("name") is null)
                throw ApiException.Field(path + ".function.name", "missing", "a string");
        }

        return JsonNode.Parse(tools.GetRawText())!.AsArray();
    }
}
