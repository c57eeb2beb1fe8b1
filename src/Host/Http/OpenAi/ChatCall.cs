using System.Text.Json.Nodes;
using ActorInference.Actors.Generation;
using ActorInference.Host.Http.OpenAi.Tools;
using ActorInference.Host.Serving;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>A request for a chat completion, read and checked.</summary>
/// <param name="Common">What it shares with completions.</param>
/// <param name="WithLogprobs">Whether answers list log-probabilities.</param>
public sealed record ChatCall(OpenAiCall Common, bool WithLogprobs)
{
    /// <summary>What the answer may call.</summary>
    internal ToolFields Tools { get; init; } = ToolFields.None;

    /// <summary>Looks for calls in one answer; null where there is nothing to call.</summary>
    internal ToolCallReader? CreateReader() => Tools.Names.IsEmpty ? null : new ToolCallReader(Tools.Names, Tools.MayBeSeveral);

    /// <exception cref="ApiException">A field is wrong, or the model takes no chat.</exception>
    public static ChatCall Read(JsonFields fields, ServedModel model)
    {
        OpenAiCall.Check(fields, model);
        var messages = ChatMessages.Read(fields);
        var template = model.ChatTemplate
            ?? throw new ApiException(ApiError.BadRequest($"The model '{model.Name}' has no chat template; use /v1/completions.", "model", "no_chat_template"));
        var tools = ToolFields.Read(fields);
        var chat = new ChatPrompt
        {
            Messages = messages,
            Tools = tools.Tools,
            Extra = fields.Object("chat_template_kwargs") is { } extra ? JsonNode.Parse(extra.Element.GetRawText())!.AsObject() : null,
            ContinueFinalMessage = ReadContinue(fields, messages),
        };
        var logprobs = fields.Flag("logprobs");
        var top = fields.Int("top_logprobs", 0, HttpLimits.MaxTopLogprobs);
        if (top is not null && !logprobs) throw ApiException.Field("top_logprobs", $"{top}", "logprobs to be true beside it");

        var sampling = SamplingFields.Read(fields, SamplingDialect.OpenAi, model);
        sampling = sampling with { Options = sampling.Options with { TopLogprobs = logprobs ? top ?? 0 : null, Constraint = Constraint(sampling, tools) } };
        var prompt = chat.Encode(template, model);
        return new ChatCall(OpenAiCall.Read(fields, "chatcmpl", [prompt], sampling, sampling.Expand([prompt], model, defaultTokens: null, "messages")), logprobs) { Tools = tools };
    }

    /// <summary>A call that must be made is all of the answer.</summary>
    private static OutputConstraint? Constraint(SamplingFields sampling, ToolFields tools)
    {
        if (tools.Forced is null) return sampling.Options.Constraint;
        if (sampling.Options.Constraint is not null) throw ApiException.Field("tool_choice", "given beside another constraint of the answer", "one of them");
        return ConstraintFields.Checked(tools.Forced, "tools");
    }

    private static bool ReadContinue(JsonFields fields, JsonArray messages)
    {
        if (!fields.Flag("continue_final_message")) return false;
        if ((string?)messages[^1]!["role"] == "assistant" && messages.Count > 1) return true;
        throw ApiException.Field("continue_final_message", "true", "a last message of the role assistant after others");
    }
}
