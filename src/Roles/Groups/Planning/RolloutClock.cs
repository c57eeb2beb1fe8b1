namespace ActorInference.Roles.Groups.Planning;

/// <summary>When a rollout last came nearer to its end.</summary>
/// <param name="Revision">Group revision that is rolled out.</param>
/// <param name="UpdatedReady">The most instances of it that were ready.</param>
/// <param name="LastProgress">When that became so; the rollout's begin at first.</param>
public sealed record RolloutClock(string Revision, int UpdatedReady, DateTimeOffset LastProgress)
{
    /// <summary>The clock after a plan. Journal it when it differs.</summary>
    /// <param name="waiting">Whether the rollout is paused or complete: then its time does not run.</param>
    public static RolloutClock Advance(RolloutClock? clock, string revision, int updatedReady, bool waiting, DateTimeOffset now)
    {
        if (clock is null || clock.Revision != revision) return new RolloutClock(revision, updatedReady, now);
        if (updatedReady > clock.UpdatedReady || waiting) return clock with { UpdatedReady = Math.Max(updatedReady, clock.UpdatedReady), LastProgress = now };
        return clock;
    }
}
