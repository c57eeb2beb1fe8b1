namespace ActorInference.Gpu.Engine;

/// <summary>What one step computed.</summary>
/// <param name="DecodeTokens">Sequences that got their next token without a prompt.</param>
/// <param name="PrefillTokens">Tokens of prompts, or of sequences that are computed again.</param>
public readonly record struct StepResult(int DecodeTokens, int PrefillTokens)
{
    /// <summary>False if nothing could run, for want of work or of pages.</summary>
    public bool DidWork => DecodeTokens + PrefillTokens > 0;
}
