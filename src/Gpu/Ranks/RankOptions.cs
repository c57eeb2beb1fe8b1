using System.Diagnostics;

namespace ActorInference.Gpu.Ranks;

/// <summary>How the other ranks of a model are started and waited for.</summary>
public sealed record RankOptions
{
    /// <summary>How the program is started that accepts an invitation; its standard input is redirected, and its end is the rank's.</summary>
    public required Func<RankInvitation, ProcessStartInfo> Program { get; init; }

    /// <summary>For a rank to load its part of the model. Default 5 min.</summary>
    public TimeSpan StartDeadline { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long ranks wait for one another within a step, before the one that is waited for counts as hung. Default 30 s.</summary>
    public TimeSpan StepDeadline { get; init; } = TimeSpan.FromSeconds(30);
}
