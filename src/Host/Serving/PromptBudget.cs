namespace ActorInference.Host.Serving;

/// <summary>How many tokens may follow a prompt.</summary>
public static class PromptBudget
{
    /// <summary>The limit of new tokens for one generation, at least 1.</summary>
    /// <param name="contextTokens">The model's context, for prompt and output together.</param>
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="asked">What the client asked for, or null.</param>
    /// <param name="fallback">The API's default, cut to what is left; null means all that is left.</param>
    /// <param name="field">Name of the limit, for the message.</param>
    /// <param name="newTokens">The limit.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryGet(
        int contextTokens, int promptTokens, int? asked, int? fallback, string field, out int newTokens, out string error)
    {
        var left = contextTokens - promptTokens;
        newTokens = asked ?? Math.Min(fallback ?? left, left);
        error = promptTokens == 0 ? "The prompt has no tokens; expected at least 1."
            : left < 1 ? $"The prompt has {promptTokens} tokens; expected at most {contextTokens - 1}, since the model's context is {contextTokens} tokens."
            : newTokens > left ? $"{field} is {newTokens}; expected at most {left}, since the prompt has {promptTokens} tokens and the model's context is {contextTokens} tokens."
            : "";
        return error.Length == 0;
    }
}
