namespace ActorInference.Gpu.Engine;

/// <summary>
/// Guesses what comes next from what came after the same words before: prompt lookup decoding (Saxena, 2023). Answers that
/// quote their prompt, or edit it, are guessed well.
/// </summary>
internal static class PromptLookup
{
    private const int MostWords = 4;
    private const int FewestWords = 2;

    /// <param name="tokens">The sequence so far.</param>
    /// <param name="guess">Filled from its start.</param>
    /// <returns>Tokens guessed; 0 if the last words have not come before.</returns>
    public static int Find(ReadOnlySpan<int> tokens, Span<int> guess)
    {
        for (var words = MostWords; words >= FewestWords; words--)
        {
            if (tokens.Length <= words) continue;
            // The last place but the present one: what was said lately is said again the most.
            var at = tokens[..^1].LastIndexOf(tokens[^words..]);
            if (at < 0) continue;
            var following = tokens[(at + words)..];
            var count = Math.Min(following.Length, guess.Length);
            following[..count].CopyTo(guess);
            return count;
        }

        return 0;
    }
}
