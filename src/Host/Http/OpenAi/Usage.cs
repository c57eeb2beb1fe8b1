using System.Text.Json;
using System.Text.Json.Serialization;
using ActorInference.Actors.Kv;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>Tokens of a request, in OpenAI's form.</summary>
public sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);

/// <param name="CachedTokens">Prompt tokens that were not computed again.</param>
/// <param name="CachedTokensDetails">Where they were. OpenAI has no such field; its clients pass over what they do not know.</param>
public sealed record PromptTokensDetails(int CachedTokens, CachedTokensDetails CachedTokensDetails);

/// <param name="Device">In the device's pool.</param>
/// <param name="Host">In host memory.</param>
/// <param name="Storage">In the storage tier.</param>
public sealed record CachedTokensDetails(int Device, int Host, int Storage);

/// <summary>The field of a stream's events, where it was asked for: null but in the last one.</summary>
[JsonConverter(typeof(StreamUsageConverter))]
public sealed record StreamUsage(Usage? Total)
{
    public static readonly StreamUsage Later = new(Total: null);
}

/// <summary>Writes what it holds, without it.</summary>
internal sealed class StreamUsageConverter : JsonConverter<StreamUsage>
{
    public override StreamUsage Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("Usage is only written.");

    public override void Write(Utf8JsonWriter writer, StreamUsage value, JsonSerializerOptions options)
    {
        if (value.Total is null) writer.WriteNullValue();
        else JsonSerializer.Serialize(writer, value.Total, ApiJson.Readable.Usage);
    }
}

/// <summary>Counts the tokens of one request.</summary>
/// <param name="promptTokens">Of each prompt; several answers to one prompt count it once.</param>
/// <param name="answersPerPrompt">Choices are numbered prompt by prompt.</param>
public sealed class UsageMeter(IReadOnlyList<int> promptTokens, int answersPerPrompt)
{
    private readonly (int All, TierTokens Tiers)[] _cached = new (int, TierTokens)[promptTokens.Count];
    private int _completionTokens;

    public void Add(in TextUpdate update)
    {
        if (update.HasToken) _completionTokens++;
        if (update.Choice % answersPerPrompt == 0) _cached[update.Choice / answersPerPrompt] = (update.CachedTokens, update.Tiers);
    }

    public Usage Total()
    {
        var prompt = promptTokens.Sum();
        var (cached, host, storage) = (_cached.Sum(each => each.All), _cached.Sum(each => each.Tiers.Host), _cached.Sum(each => each.Tiers.Storage));
        var details = new PromptTokensDetails(cached, new CachedTokensDetails(cached - host - storage, host, storage));
        return new Usage(prompt, _completionTokens, prompt + _completionTokens, details);
    }
}
