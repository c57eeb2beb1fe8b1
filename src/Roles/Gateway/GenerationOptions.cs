namespace ActorInference.Roles.Gateway;

/// <summary>
/// How long a generation waits in each phase, and how often it tries other workers. But for the first and the last, a
/// deadline is for silence: any sign of life begins it anew, and a worker that waits or is in a long step gives such signs.
/// </summary>
public sealed record GenerationOptions
{
    /// <summary>For workers to be there at all.</summary>
    public TimeSpan AssignDeadline { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For a worker that was asked for something to answer: to begin, to grant room, or to say that it will.</summary>
    public TimeSpan ReserveDeadline { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For something to come of a prompt whose compute has begun.</summary>
    public TimeSpan FirstPageDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Between two pages, and between two tokens.</summary>
    public TimeSpan StallDeadline { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For a place, on workers that live.</summary>
    public TimeSpan QueueDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Attempts after the first.</summary>
    public int MaxRedispatches { get; init; } = 5;

    /// <summary>Tokens of the blocks by which the router knows prompts; 0 if it does not.</summary>
    public int PrefixBlockTokens { get; init; } = 16;
}
