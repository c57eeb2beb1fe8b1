using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>How many replicas measurements ask for.</summary>
public static class Autoscaler
{
    /// <summary>Judges the measurements of one role.</summary>
    /// <param name="current">Replicas that are declared.</param>
    /// <param name="ready">Instances that are ready: the measurements are of these. Those that still start are on their way for the same load.</param>
    /// <param name="measured">Average of each metric over the role's ready instances; one that is missing keeps the role from shrinking.</param>
    /// <param name="past">Recommendations of before; keep what is returned for the next time.</param>
    public static ScalingDecision Decide(
        AutoscalingSpec spec, string role, int current, int ready, IReadOnlyDictionary<ScalingMetric, double> measured, ImmutableArray<Recommendation> past, DateTimeOffset now)
    {
        var (wanted, reason) = Wanted(spec, current, Math.Max(ready, 1), measured);
        wanted = Math.Clamp(wanted, spec.MinReplicas, spec.MaxReplicas);
        var longest = spec.UpWindow > spec.DownWindow ? spec.UpWindow : spec.DownWindow;
        var recommendations = past.RemoveAll(old => now - old.At > longest).Add(new Recommendation(now, wanted));

        // Upwards only as far as all of the window agree on, downwards not below any of it.
        var least = recommendations.Where(old => now - old.At <= spec.UpWindow).Min(old => old.Replicas);
        var most = recommendations.Where(old => now - old.At <= spec.DownWindow).Max(old => old.Replicas);
        var replicas = Math.Clamp(least > current ? least : Math.Min(most, current), spec.MinReplicas, spec.MaxReplicas);

        var roles = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        roles[role] = replicas;
        foreach (var (other, ratio) in spec.Ratio) roles[other] = (int)Math.Ceiling((replicas * ratio) - 1e-9);
        return new ScalingDecision(roles.ToImmutable(), recommendations, reason);
    }

    private static (int Replicas, string Reason) Wanted(AutoscalingSpec spec, int current, int ready, IReadOnlyDictionary<ScalingMetric, double> measured)
    {
        var (most, reason, missing) = (0, "", false);
        foreach (var target in spec.Metrics)
        {
            if (!measured.TryGetValue(target.Metric, out var value) || !double.IsFinite(value))
            {
                missing = true;
                continue;
            }

            var ratio = value / target.Target;
            var wanted = Math.Abs(ratio - 1) <= spec.Tolerance ? current : (int)Math.Min(Math.Ceiling((ready * ratio) - 1e-9), spec.MaxReplicas);
            if (ratio > 1) wanted = Math.Max(wanted, current);   // More than is asked for is on its way already.
            else wanted = Math.Min(wanted, current);
            if (reason.Length > 0 && wanted <= most) continue;
            (most, reason) = (wanted, FormattableString.Invariant($"{target.Metric} is {value:0.###} for a target of {target.Target:0.###}"));
        }

        if (reason.Length == 0) return (current, "nothing was measured");
        return missing && most < current ? (current, "a metric is missing, so that nothing is removed") : (most, reason);
    }
}

/// <param name="Replicas">Of the role, and of those in its ratio.</param>
public sealed record ScalingDecision(ImmutableSortedDictionary<string, int> Replicas, ImmutableArray<Recommendation> Past, string Reason);

public readonly record struct Recommendation(DateTimeOffset At, int Replicas);
