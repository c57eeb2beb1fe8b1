using System.Collections.Immutable;
using System.Text.Json;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http.Sglang;

/// <summary>A request to SGLang's <c>/generate</c>, read and checked. Fields that it does not know are tolerated.</summary>
public sealed record GenerateCall
{
    /// <summary>SGLang's default for max_new_tokens.</summary>
    private const int DefaultTokens = 128;

    private static readonly (string Field, string What)[] Unsupported =
    [
        ("lora_path", "serving LoRA adapters"),
        ("input_embeds", "prompting by embeddings"),
        ("image_data", "prompting by images"),
        ("video_data", "prompting by video"),
        ("audio_data", "prompting by audio"),
        ("token_ids_logprob", "log-probabilities of chosen tokens"),
        ("session_params", "sessions"),
        ("custom_logit_processor", "custom logit processors"),
        ("return_hidden_states", "returning hidden states"),
    ];

    /// <summary>One for each answer, prompt by prompt.</summary>
    public required ImmutableArray<TextRequest> Requests { get; init; }

    /// <summary>Id of each answer.</summary>
    public required ImmutableArray<string> Ids { get; init; }

    /// <summary>Whether the answer is a list: several prompts, or several answers to one.</summary>
    public required bool IsList { get; init; }

    public required bool Stream { get; init; }

    public required GenerateLogprobs Logprobs { get; init; }

    /// <exception cref="ApiException">A field is wrong.</exception>
    public static GenerateCall Read(JsonFields fields, ServedModel model)
    {
        foreach (var (field, what) in Unsupported)
        {
            if (fields.TryGet(field, out var value) && !AsksNothing(value)) throw ApiException.Unsupported(field, what);
        }

        var prompts = ReadPrompts(fields, model);
        var logprobs = GenerateLogprobs.Read(fields);
        var samplings = ReadSampling(fields, prompts, model);
        var requests = ImmutableArray.CreateBuilder<TextRequest>();
        for (var i = 0; i < prompts.Items.Length; i++)
        {
            var sampling = samplings[i] with { Options = samplings[i].Options with { TopLogprobs = logprobs.TopCount } };
            foreach (var request in sampling.Expand([prompts.Items[i].Ids], model, DefaultTokens, fields.Has("text") ? "text" : "input_ids")) requests.Add(request with { Choice = requests.Count });
            if (requests.Count > HttpLimits.MaxChoices)
                throw ApiException.Field("sampling_params.n", "too large", $"at most {HttpLimits.MaxChoices} answers in a request");
        }

        return new GenerateCall
        {
            Requests = CachingFields.Read(fields).Apply(requests.ToImmutable()),
            Ids = ReadIds(fields, prompts.Items.Length, requests.Count),
            IsList = prompts.IsBatch || requests.Count > 1,
            Stream = fields.Flag("stream"),
            Logprobs = logprobs,
        };
    }

    private static Prompts ReadPrompts(JsonFields fields, ServedModel model)
    {
        var (text, ids) = (fields.Has("text"), fields.Has("input_ids"));
        if (text == ids)
            throw new ApiException(ApiError.BadRequest($"text and input_ids are {(text ? "both present" : "both missing")}; expected one of them.", "text"));
        return Prompts.Read(fields, text ? "text" : "input_ids", model);
    }

    /// <summary>For each prompt its sampling: the same, or one of a list.</summary>
    private static SamplingFields[] ReadSampling(JsonFields fields, Prompts prompts, ServedModel model)
    {
        const string Field = "sampling_params";
        var count = prompts.Items.Length;
        if (!fields.TryGet(Field, out var value)) value = JsonDocument.Parse("{}").RootElement;
        if (value.ValueKind == JsonValueKind.Object)
        {
            var one = SamplingFields.Read(new JsonFields(value, Field + "."), SamplingDialect.Sglang, model);
            return [.. Enumerable.Range(0, count).Select(index => one with { Options = one.Options with { Seed = unchecked(one.Options.Seed + ((ulong)index << 32)) } })];
        }

        if (value.ValueKind != JsonValueKind.Array || !prompts.IsBatch || value.GetArrayLength() != count)
            throw JsonFields.Wrong(Field, value, $"an object, or for a batch an array of {count} objects");
        return [.. value.EnumerateArray().Select((item, index) =>
        {
            var at = $"{Field}[{index}]";
            if (item.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(at, item, "an object");
            return SamplingFields.Read(new JsonFields(item, at + "."), SamplingDialect.Sglang, model);
        })];
    }

    private static ImmutableArray<string> ReadIds(JsonFields fields, int prompts, int answers)
    {
        var perPrompt = answers / prompts;
        string[]? given = null;
        if (fields.TryGet("rid", out var rid))
        {
            given = rid.ValueKind switch
            {
                JsonValueKind.String when prompts == 1 => [JsonFields.Text(rid, "rid")],
                JsonValueKind.Array when rid.GetArrayLength() == prompts => [.. rid.EnumerateArray().Select((item, index) => JsonFields.Text(item, $"rid[{index}]"))],
                _ => throw JsonFields.Wrong("rid", rid, prompts == 1 ? "a string" : $"an array of {prompts} strings"),
            };
        }

        return [.. Enumerable.Range(0, answers).Select(index =>
            given is null ? Guid.NewGuid().ToString("n")
            : perPrompt == 1 ? given[index]
            : $"{given[index / perPrompt]}-{index % perPrompt}")];
    }

    /// <summary>Clients send empty values for what they do not want, a list of them for a batch.</summary>
    private static bool AsksNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.EnumerateArray().All(AsksNothing),
        _ => false,
    };
}

/// <summary>Which log-probabilities a request to <c>/generate</c> wants.</summary>
/// <param name="TopCount">Alternatives a token; null for no log-probabilities.</param>
/// <param name="WithText">Whether entries have the tokens' texts.</param>
public sealed record GenerateLogprobs(int? TopCount, bool WithText)
{
    public static GenerateLogprobs Read(JsonFields fields)
    {
        if (!fields.Flag("return_logprob")) return new(null, false);
        var start = fields.Int("logprob_start_len", -1) ?? -1;
        if (start >= 0) throw ApiException.Unsupported("logprob_start_len", "log-probabilities of the prompt");
        var top = fields.Int("top_logprobs_num", 0, HttpLimits.MaxTopLogprobs) ?? 0;
        return new(top, fields.Flag("return_text_in_logprobs"));
    }
}
