using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning.Strict;

/// <summary>RBG's arithmetic of a coordinated rolling update, number for number.</summary>
public static class RollingBounds
{
    private const double Tie = 1e-6;

    /// <summary>Between which numbers of updated replicas a role stays within the skew of another.</summary>
    /// <param name="skew">A share; a number of replicas acts as 0 %, as there.</param>
    /// <param name="referenceUpdated">Updated replicas of the other role, of <paramref name="referenceDesired"/>.</param>
    /// <param name="desired">Replicas of the role itself.</param>
    public static (int Lower, int Upper) Compute(IntOrPercent skew, int referenceUpdated, int referenceDesired, int desired)
    {
        if (referenceDesired == 0) return (0, 0);
        double hundred = 100.0 * referenceUpdated * desired, slack = (double)Percent(skew) * referenceDesired * desired, whole = 100.0 * referenceDesired;
        return (Round(Math.Max(hundred - slack, 0) / whole), Round(Math.Max(hundred + slack, 0) / whole));
    }

    /// <summary>The role that is furthest, and the one that is least; of equals the smaller and the larger. Nulls for fewer than two roles.</summary>
    public static (string? Fastest, string? Slowest) Extremes(IReadOnlyList<RoleCount> roles)
    {
        if (roles.Count < 2) return (null, null);
        var (fastest, slowest) = (roles[0], roles[0]);
        foreach (var role in roles.Skip(1))
        {
            var (ahead, behind) = (role.Ratio - fastest.Ratio, slowest.Ratio - role.Ratio);
            if (ahead > Tie || (ahead >= -Tie && role.Desired <= fastest.Desired)) fastest = role;
            if (behind > Tie || (behind >= -Tie && role.Desired > slowest.Desired)) slowest = role;
        }

        return (fastest.Role, slowest.Role);
    }

    /// <summary>Updated replicas that the slowest role may reach in this step; may exceed its replicas.</summary>
    public static int SlowestTarget(IntOrPercent skew, RoleCount fastest, RoleCount slowest)
    {
        var (lower, upper) = Compute(skew, fastest.Updated, fastest.Desired, slowest.Desired);
        var balance = (lower + upper + 1) >> 1;
        var skewReplicas = Math.Max(skew.IsPercent ? skew.RoundUp(slowest.Desired) : 0, 1);
        var step = Math.Max(Math.Max(balance - slowest.Updated, 0), skewReplicas >> 1);
        if (step == 0 && slowest.Updated < slowest.Desired) step = 1;
        if (fastest.Ready == fastest.Desired) step = Math.Max(step, 1);
        return Math.Min(slowest.Updated + step, upper + 1);
    }

    /// <summary>What each role of a rule may update to in this step; roles without replicas are passed over.</summary>
    /// <returns>By role: updated replicas, at most its own.</returns>
    public static Dictionary<string, int> Targets(IntOrPercent skew, IReadOnlyList<RoleCount> roles)
    {
        var counted = roles.Where(role => role.Desired > 0).ToList();
        var targets = counted.ToDictionary(role => role.Role, role => role.Updated, StringComparer.Ordinal);
        var (fastest, slowest) = Extremes(counted);
        if (fastest is null || slowest is null) return targets;
        targets[slowest] = SlowestTarget(skew, counted.First(role => role.Role == fastest), counted.First(role => role.Role == slowest));
        return targets;
    }

    private static int Percent(IntOrPercent skew) => skew.IsPercent ? skew.RoundUp(100) : 0;

    private static int Round(double value) => (int)Math.Round(value, MidpointRounding.AwayFromZero);
}

/// <summary>One role in a coordinated update.</summary>
public readonly record struct RoleCount(string Role, int Desired, int Updated, int Ready)
{
    public double Ratio => Desired == 0 ? 0 : (double)Updated / Desired;
}
