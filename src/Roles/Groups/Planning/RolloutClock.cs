namespace ActorInference.Roles.Groups.Planning;

/// <summary>When a rollout last came nearer to its end.</summary>
/// <param name="Revision">Group revision that is rolled out.</param>
/// <param name="UpdatedReady">The most instances of it that were ready.</param>
/// <param name="LastProgress">When that became so; the rollout's begin at first.</param>
public sealed record RolloutClock(string Revision, int UpdatedReady, DateTimeOffset LastProgress)
{
    /// <summary>The clock after a plan. Journal it when it differs.</summary>
    /// <param name="revision">Revision of the declared group.</param>
    public static RolloutClock Advance(RolloutClock? clock, string revision, Plan plan, DateTimeOffset now)
    {
        var updatedReady = plan.Roles.Sum(role => role.UpdatedReady);
        if (clock is null || clock.Revision != revision) return new RolloutClock(revision, updatedReady, now);
        if (updatedReady > clock.UpdatedReady || plan.Resting) return clock with { UpdatedReady = Math.Max(updatedReady, clock.UpdatedReady), LastProgress = now };
        return clock;
    }
}
