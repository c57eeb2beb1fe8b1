namespace ActorInference.Gpu.Engine;

/// <summary>What a step computes, as far as its time depends on that.</summary>
/// <param name="Decodes">Sequences that get their next token.</param>
/// <param name="PromptTokens">Tokens of prompts.</param>
/// <param name="Attended">Tokens that each of those attends to, itself included, summed over them.</param>
internal readonly record struct StepWork(int Decodes, int PromptTokens, long Attended)
{
    /// <summary>The same with more tokens of a prompt.</summary>
    /// <param name="position">Of the first of them in its sequence.</param>
    public StepWork WithPrompt(int tokens, int position) =>
        this with { PromptTokens = PromptTokens + tokens, Attended = Attended + (long)tokens * position + (long)tokens * (tokens + 1) / 2 };
}
