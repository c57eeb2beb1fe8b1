namespace ActorInference.Roles.Router;

/// <summary>Limits of a router.</summary>
public sealed record RouterOptions
{
    /// <summary>Generations under way at the same time, at least 1; a further one is refused.</summary>
    public int MaxInFlight { get; init; } = 256;

    /// <summary>A worker that has not reported for so long counts as lost: its generations go to others.</summary>
    public TimeSpan WorkerSilence { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How far prompts go where their beginnings are cached.</summary>
    public PrefixRoutingOptions Prefix { get; init; } = new();
}
