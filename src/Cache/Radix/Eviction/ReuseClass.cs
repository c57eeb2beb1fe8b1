namespace ActorInference.Cache.Radix.Eviction;

/// <summary>
/// What is known of a page when its request has used it, in five features of a few levels each. Their hazards multiply,
/// so that a combination that was never seen still has one.
/// </summary>
internal static class ReuseClass
{
    public const int Features = 5;

    private const int Turns = 5;
    private const int Uses = 4;
    private const int Ends = 2;
    private const int Gaps = 5;
    private const int News = 6;

    public const int Count = Turns * Uses * Ends * Gaps * News;

    /// <summary>Levels of each feature.</summary>
    public static ReadOnlySpan<int> Levels => [Turns, Uses, Ends, Gaps, News];

    /// <param name="turns">Requests before this one that it continues.</param>
    /// <param name="uses">Requests that used the page, this one among them; at least 1.</param>
    /// <param name="isLast">Whether the page is the last of its prompt, which the next turn seldom shares.</param>
    /// <param name="gapMs">Time since the request that this one continues; negative if there is none.</param>
    /// <param name="newPages">Pages of the prompt that were never seen before.</param>
    public static int Of(int turns, int uses, bool isLast, long gapMs, int newPages) =>
        (((TurnLevel(turns) * Uses + UseLevel(uses)) * Ends + (isLast ? 1 : 0)) * Gaps + GapLevel(gapMs)) * News + NewLevel(newPages);

    /// <summary>Level of one feature.</summary>
    public static int Level(int reuseClass, int feature) => feature switch
    {
        0 => reuseClass / (Uses * Ends * Gaps * News),
        1 => reuseClass / (Ends * Gaps * News) % Uses,
        2 => reuseClass / (Gaps * News) % Ends,
        3 => reuseClass / News % Gaps,
        _ => reuseClass % News,
    };

    private static int TurnLevel(int turns) => turns switch { <= 1 => 0, 2 => 1, <= 4 => 2, <= 7 => 3, _ => 4 };

    private static int UseLevel(int uses) => uses switch { <= 1 => 0, 2 => 1, <= 5 => 2, _ => 3 };

    private static int GapLevel(long ms) => ms switch { < 0 => 0, < 40_000 => 1, < 100_000 => 2, < 300_000 => 3, _ => 4 };

    private static int NewLevel(int pages) => pages switch { <= 1 => 0, <= 4 => 1, <= 16 => 2, <= 64 => 3, <= 256 => 4, _ => 5 };
}
