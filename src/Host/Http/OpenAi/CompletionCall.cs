using ActorInference.Host.Serving;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>A request for completions, read and checked.</summary>
/// <param name="Common">What it shares with chat.</param>
/// <param name="Echo">For each prompt the text that answers begin with; null without echo.</param>
/// <param name="Logprobs">Alternatives to list a token; null for no log-probabilities.</param>
/// <param name="WithTokenIds">Whether answers list the new tokens' ids.</param>
public sealed record CompletionCall(OpenAiCall Common, IReadOnlyList<string>? Echo, int? Logprobs, bool WithTokenIds)
{
    /// <summary>OpenAI's default for max_tokens here, unlike in chat.</summary>
    private const int DefaultTokens = 16;

    /// <exception cref="ApiException">A field is wrong.</exception>
    public static CompletionCall Read(JsonFields fields, ServedModel model)
    {
        OpenAiCall.Check(fields, model);
        if (fields.Text("suffix") is { Length: > 0 }) throw ApiException.Unsupported("suffix", "text after the completion");
        var sampling = SamplingFields.Read(fields, SamplingDialect.OpenAi, model);
        if (fields.Int("best_of", 1) is { } bestOf && bestOf != sampling.Count)
            throw ApiException.Unsupported("best_of", "choosing among more answers than n");

        var logprobs = fields.Int("logprobs", 0, HttpLimits.MaxTopLogprobs);
        var echo = fields.Flag("echo");
        if (echo && logprobs is not null) throw ApiException.Unsupported("echo", "echo with log-probabilities");

        sampling = sampling with { Options = sampling.Options with { TopLogprobs = logprobs } };
        var prompts = Prompts.Read(fields, "prompt", model);
        var ids = prompts.Items.Select(prompt => prompt.Ids).ToList();
        var common = OpenAiCall.Read(fields, "cmpl", ids, sampling, sampling.Expand(ids, model, DefaultTokens, "prompt"));
        var echoed = echo ? prompts.Items.Select(prompt => prompt.Text ?? model.Tokenizer.Decode(prompt.Ids.AsSpan())).ToList() : null;
        return new CompletionCall(common, echoed, logprobs, fields.Flag("return_token_ids"));
    }
}
