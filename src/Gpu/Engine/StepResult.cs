namespace ActorInference.Gpu.Engine;

/// <summary>What one step computed.</summary>
/// <param name="DecodeTokens">Sequences that got their next token without a prompt.</param>
/// <param name="PrefillTokens">Tokens of prompts, or of sequences that are computed again.</param>
public readonly record struct StepResult(int DecodeTokens, int PrefillTokens)
{
    /// <summary>Tokens that each of <see cref="PrefillTokens"/> attended to, itself included, summed over them.</summary>
    public long AttendedTokens { get; init; }

    /// <summary>What the step was to take, by what those before it took; zero where that was not known, or nobody decoded.</summary>
    public TimeSpan Foretold { get; init; }

    /// <summary>False if nothing could run, for want of work or of pages.</summary>
    public bool DidWork => DecodeTokens + PrefillTokens > 0;
}
