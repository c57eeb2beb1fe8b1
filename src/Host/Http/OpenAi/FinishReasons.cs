using ActorInference.Actors.Generation;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>The APIs' words for why a generation ended.</summary>
public static class FinishReasons
{
    public static string Word(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => "abort",
    };

    /// <summary>The same for an answer that calls tools.</summary>
    public static string Word(FinishReason reason, bool hasCalls) => hasCalls && reason == FinishReason.Stop ? "tool_calls" : Word(reason);

    /// <summary>What stopped it: a string, a token id, or null.</summary>
    public static object? Matched(TextFinish finish) => finish.MatchedText ?? (object?)finish.MatchedTokenId;
}
