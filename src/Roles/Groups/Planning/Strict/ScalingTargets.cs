using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning.Strict;

/// <summary>RBG's arithmetic of coordinated scaling, in its doubles: 0.1 + 0.2 is more than 0.3 there, and so it is here.</summary>
public static class ScalingTargets
{
    /// <summary>Replicas of each role in this step.</summary>
    /// <param name="maxSkew">Null is 100 %.</param>
    /// <param name="progression">Null does not wait for the last batch.</param>
    /// <exception cref="ArgumentException">There is no role, or the skew is no percentage from 0 to 100.</exception>
    public static Dictionary<string, int> Compute(IReadOnlyList<ScalingCount> roles, IntOrPercent? maxSkew, ScalingProgression? progression)
    {
        if (roles.Count == 0) throw new ArgumentException("There is no role to scale.", nameof(roles));
        if (maxSkew is { IsPercent: false } or { Number: < 0 or > 100 }) throw new ArgumentException($"maxSkew is {maxSkew}; expected 0% to 100%.", nameof(maxSkew));
        var growing = roles.Where(role => role.Current < role.Desired).ToList();
        if (growing.Any(role => role.Current > 0 && !Arrived(role, progression))) return roles.ToDictionary(role => role.Role, role => role.Current, StringComparer.Ordinal);
        var allowed = growing.Count == 0 ? 1 : growing.Min(Progress) + ((maxSkew?.Number ?? 100) / 100.0);
        return roles.ToDictionary(role => role.Role, role => Target(role, allowed), StringComparer.Ordinal);
    }

    private static int Target(ScalingCount role, double allowed)
    {
        if (role.Current >= role.Desired) return role.Desired;
        if (Progress(role) >= allowed) return role.Current;
        return Math.Max(Math.Min((int)Math.Ceiling(allowed * role.Desired), role.Desired), role.Current + 1);
    }

    private static double Progress(ScalingCount role) => role.Desired == 0 ? (role.Current == 0 ? 1 : 0) : (double)role.Current / role.Desired;

    private static bool Arrived(ScalingCount role, ScalingProgression? progression) => progression switch
    {
        ScalingProgression.OrderScheduled => role.Scheduled >= role.Current,
        ScalingProgression.OrderReady => role.Ready >= role.Current,
        _ => true,
    };
}

/// <summary>One role in coordinated scaling.</summary>
public readonly record struct ScalingCount(string Role, int Desired, int Current, int Scheduled, int Ready);
