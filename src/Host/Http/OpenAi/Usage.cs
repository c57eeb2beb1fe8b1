using ActorInference.Host.Text;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>Tokens of a request, in OpenAI's form.</summary>
public sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);

/// <param name="CachedTokens">Prompt tokens that were not computed again.</param>
public sealed record PromptTokensDetails(int CachedTokens);

/// <summary>Counts the tokens of one request.</summary>
/// <param name="promptTokens">Of each prompt; several answers to one prompt count it once.</param>
/// <param name="answersPerPrompt">Choices are numbered prompt by prompt.</param>
public sealed class UsageMeter(IReadOnlyList<int> promptTokens, int answersPerPrompt)
{
    private readonly int[] _cached = new int[promptTokens.Count];
    private int _completionTokens;

    public void Add(in TextUpdate update)
    {
        if (update.HasToken) _completionTokens++;
        if (update.Choice % answersPerPrompt == 0) _cached[update.Choice / answersPerPrompt] = update.CachedTokens;
    }

    public Usage Total()
    {
        var prompt = promptTokens.Sum();
        return new Usage(prompt, _completionTokens, prompt + _completionTokens, new PromptTokensDetails(_cached.Sum()));
    }
}
