using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Replicas of one role, set from outside or by metrics. Authoritative while it is bound.</summary>
public sealed record ScalingAdapter : SpecDocument
{
    public const string KindName = "RoleBasedGroupScalingAdapter";

    public override string Kind => KindName;

    /// <summary>Null leaves the role's own.</summary>
    public int? Replicas { get; init; }

    public required string Group { get; init; }

    public required string Role { get; init; }

    /// <summary>Ours: null scales by hand only.</summary>
    public AutoscalingSpec? Autoscaling { get; init; }
}

/// <summary>The scaling of a role as the role declares it.</summary>
/// <param name="Enable">Whether an adapter is made for the role.</param>
public sealed record RoleScaling(bool Enable, ImmutableSortedDictionary<string, string> Labels, AutoscalingSpec? Autoscaling)
{
    public static RoleScaling None { get; } = new(false, TextMaps.Empty, null);
}

/// <summary>Ours: replicas that follow measurements.</summary>
/// <param name="MinReplicas">At least 0.</param>
/// <param name="Metrics">The one that asks for most decides.</param>
public sealed record AutoscalingSpec(int MinReplicas, int MaxReplicas, ImmutableArray<MetricTarget> Metrics)
{
    /// <summary>Of the recommendations of this time the least is taken upwards; zero goes at once.</summary>
    public TimeSpan UpWindow { get; init; } = TimeSpan.Zero;

    /// <summary>Of the recommendations of this time the greatest is taken downwards.</summary>
    public TimeSpan DownWindow { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Relative deviation from the target that changes nothing.</summary>
    public double Tolerance { get; init; } = 0.1;

    /// <summary>Roles that scale with this one, as replicas of each per replica of this one; 1.5 decode to a prefill.</summary>
    public ImmutableSortedDictionary<string, double> Ratio { get; init; } = ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal);
}

/// <summary>A measurement and what it should be, per instance.</summary>
public sealed record MetricTarget(ScalingMetric Metric, double Target);

public enum ScalingMetric
{
    /// <summary>Tokens that wait, per instance.</summary>
    QueueTokens,

    /// <summary>P99 until the first token, in seconds.</summary>
    TimeToFirstToken,

    /// <summary>Busy share of an instance, 0 to 1.</summary>
    Utilization,
}
