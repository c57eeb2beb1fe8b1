namespace ActorInference.Roles.Gateway;

/// <summary>How long a generation waits in each phase, and how often it tries other workers.</summary>
public sealed record GenerationOptions
{
    /// <summary>For workers to be there at all.</summary>
    public TimeSpan AssignDeadline { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For a decode worker to have room.</summary>
    public TimeSpan ReserveDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For a sign of life of the prefill worker: begin, a chunk, the first token.</summary>
    public TimeSpan PrefillDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Between two tokens.</summary>
    public TimeSpan TokenDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Attempts after the first.</summary>
    public int MaxRedispatches { get; init; } = 5;
}
