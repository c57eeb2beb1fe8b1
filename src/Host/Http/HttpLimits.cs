namespace ActorInference.Host.Http;

/// <summary>What one request may ask for.</summary>
public static class HttpLimits
{
    /// <summary>Bytes of a body: two million token ids in JSON, or a long document.</summary>
    public const int MaxBodyBytes = 32 << 20;

    /// <summary>Prompts of one request times answers to each.</summary>
    public const int MaxChoices = 256;

    public const int MaxStopStrings = 32;

    public const int MaxStopCharacters = 1024;

    public const int MaxStopTokenIds = 1024;

    public const int MaxLogitBiases = 1024;

    /// <summary>Alternatives a token that log-probabilities may list.</summary>
    public const int MaxTopLogprobs = 20;

    /// <summary>Of a schema, an expression or a grammar.</summary>
    public const int MaxConstraintCharacters = 256 << 10;

    public const int MaxMessages = 4096;
}
