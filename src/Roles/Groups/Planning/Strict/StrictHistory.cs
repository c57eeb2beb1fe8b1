namespace ActorInference.Roles.Groups.Planning.Strict;

/// <summary>Which old revisions RBG's instance set gives up.</summary>
public static class StrictHistory
{
    /// <summary>Revisions that are kept beside those that live, if the set says nothing else.</summary>
    public const int DefaultLimit = 10;

    /// <summary>The oldest of those that nobody runs, as far as there are more than the limit of them. Those that live do not count.</summary>
    /// <param name="oldestFirst">All revisions.</param>
    /// <param name="live">The current one, the one that is updated to, and those that instances run.</param>
    public static IReadOnlyList<string> Expired(IReadOnlyList<string> oldestFirst, IReadOnlySet<string> live, int limit = DefaultLimit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var idle = oldestFirst.Where(revision => !live.Contains(revision)).ToList();
        return [.. idle.Take(Math.Max(0, idle.Count - limit))];
    }
}
