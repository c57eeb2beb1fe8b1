using System.Collections.Immutable;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>What an adapter measures.</summary>
/// <param name="Label">Value of the label <c>role</c> in what gateways report of workers.</param>
/// <param name="Instances">Of the whole group: gateways report for all.</param>
/// <param name="Addresses">Of hosts, by name.</param>
public sealed record MetricQuestion(
    string Group, string Role, string Label, ImmutableArray<RolloutProtocol.InstanceStatus> Instances, IReadOnlyDictionary<string, string> Addresses);

/// <summary>Measures what roles are scaled by. Thread-safe.</summary>
public interface IMetricSource
{
    /// <summary>Whether it costs nothing, so that it is asked at every look.</summary>
    bool IsImmediate => false;

    /// <summary>Averages over the role's ready instances; a metric that nobody reports is missing.</summary>
    Task<IReadOnlyDictionary<ScalingMetric, double>> ReadAsync(MetricQuestion question);
}
