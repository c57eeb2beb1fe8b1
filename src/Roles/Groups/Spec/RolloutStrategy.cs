namespace ActorInference.Roles.Groups.Spec;

/// <summary>How the instances of one role go from a revision to the next.</summary>
public sealed record RolloutStrategy
{
    public UpdateType Type { get; init; } = UpdateType.InPlaceIfPossible;

    /// <summary>Instances that keep the old revision: those of the lowest ordinals.</summary>
    public IntOrPercent Partition { get; init; } = IntOrPercent.Replicas(0);

    /// <summary>Instances that may be out of service at the same time.</summary>
    public IntOrPercent MaxUnavailable { get; init; } = IntOrPercent.Replicas(1);

    /// <summary>Instances beyond the replicas that an update may add for its time.</summary>
    public IntOrPercent MaxSurge { get; init; } = IntOrPercent.Replicas(0);

    /// <summary>Stands where it is.</summary>
    public bool Paused { get; init; }

    /// <summary>How long an instance is out of service before it is touched.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.Zero;

    /// <summary>Ours: without another instance ready in this time the rollout is rolled back; zero never does.</summary>
    public TimeSpan ProgressDeadline { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>Ours: what is done in the running instance before it is updated, such as a dump; null is nothing.</summary>
    public HookSpec? BeforeUpdate { get; init; }

    /// <summary>Ours: what is done in the updated instance before it is in service again, such as a load; null is nothing.</summary>
    public HookSpec? AfterUpdate { get; init; }
}

public enum UpdateType
{
    /// <summary>In place where the change allows, else by recreating.</summary>
    InPlaceIfPossible,

    /// <summary>A change that cannot be made in place is an error.</summary>
    InPlaceOnly,

    /// <summary>Always by recreating.</summary>
    RecreatePod,
}

/// <summary>An action around an update. It must end well before the next step.</summary>
public sealed record HookSpec(ProbeAction Action, TimeSpan Timeout);
