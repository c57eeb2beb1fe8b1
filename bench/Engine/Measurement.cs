using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorInference.Bench.Engine;

/// <summary>What one process measured of a model.</summary>
/// <param name="FirstTokenSeconds">From the start of the process to a token after a prompt of one.</param>
/// <param name="PrefillTokensPerSecond">A prompt of 512 tokens.</param>
/// <param name="DecodeTokensPerSecond">One sequence.</param>
/// <param name="EightTokensPerSecond">Eight sequences together.</param>
/// <param name="LongPromptSeconds">To the first token of a prompt of 2,000.</param>
/// <param name="ResidentMegabytes">At most, mapped files included.</param>
internal sealed record Measurement(
    [property: JsonPropertyName("first_token_s")] double FirstTokenSeconds,
    [property: JsonPropertyName("prefill_tok_per_s")] double PrefillTokensPerSecond,
    [property: JsonPropertyName("decode_tok_per_s")] double DecodeTokensPerSecond,
    [property: JsonPropertyName("eight_tok_per_s")] double EightTokensPerSecond,
    [property: JsonPropertyName("ttft_2000_s")] double LongPromptSeconds,
    [property: JsonPropertyName("resident_mb")] double ResidentMegabytes)
{
    public static Measurement Parse(string json) => JsonSerializer.Deserialize<Measurement>(json) ?? throw new InvalidDataException($"'{json}' is no measurement.");

    public override string ToString() => JsonSerializer.Serialize(this);
}
