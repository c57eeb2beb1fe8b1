using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>How roles of the group of the same name move together.</summary>
public sealed record CoordinatedPolicy : SpecDocument
{
    public const string KindName = "CoordinatedPolicy";

    public override string Kind => KindName;

    public required ImmutableArray<CoordinationRule> Rules { get; init; }
}

public sealed record CoordinationRule(string Name, ImmutableArray<string> Roles)
{
    public RollingCoordination? Rolling { get; init; }

    public ScalingCoordination? Scaling { get; init; }

    /// <summary>Ours: what the failure of one role means for the others.</summary>
    public ImmutableArray<FaultReaction> Faults { get; init; } = [];
}

/// <param name="MaxSkew">How far apart the roles' updated shares may be; null does not bound them.</param>
/// <param name="Partition">Overrides the roles' own.</param>
/// <param name="MaxUnavailable">Overrides the roles' own.</param>
public sealed record RollingCoordination(IntOrPercent? MaxSkew, IntOrPercent? Partition, IntOrPercent? MaxUnavailable)
{
    /// <summary>Ours: of these roles each is updated no further than those before it; empty is no order.</summary>
    public ImmutableArray<string> Order { get; init; } = [];

    /// <summary>Ours: of all these roles together, so many may be unavailable at a time for an update; null does not bound.</summary>
    public IntOrPercent? MaxUnavailableTogether { get; init; }
}

/// <param name="MaxSkew">How far apart the roles' present shares may be; null is 100 %.</param>
/// <param name="Progression">Null: no gate in RBG, ready in ours.</param>
public sealed record ScalingCoordination(IntOrPercent? MaxSkew, ScalingProgression? Progression);

public enum ScalingProgression
{
    /// <summary>The next batch waits until the last one has its places.</summary>
    OrderScheduled,

    /// <summary>The next batch waits until the last one is ready.</summary>
    OrderReady,
}

/// <summary>When an instance of a role fails, an action on other roles.</summary>
/// <param name="When">Role that fails.</param>
/// <param name="Roles">Roles that are acted upon.</param>
public sealed record FaultReaction(string When, FaultAction Action, ImmutableArray<string> Roles);

public enum FaultAction
{
    /// <summary>Nothing: only the role itself is mended.</summary>
    None,

    /// <summary>The linked roles' instances of the same ordinal are restarted.</summary>
    RestartInstance,

    /// <summary>All instances of the group are recreated in order.</summary>
    RecreateGroup,

    /// <summary>The linked roles drop what they share with the failed instance and pair with others.</summary>
    RePair,
}
