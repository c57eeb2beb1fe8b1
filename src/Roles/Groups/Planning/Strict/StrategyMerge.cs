using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning.Strict;

/// <summary>RBG's small rules about partitions and budgets.</summary>
public static class StrategyMerge
{
    /// <summary>Replicas that a policy's partition keeps back: rounded up, but a share that is not 100 % never keeps all.</summary>
    /// <param name="replicas">Null is 1.</param>
    public static int PartitionReplicas(IntOrPercent? partition, int? replicas)
    {
        var total = replicas ?? 1;
        if (partition is not { } value) return 0;
        var kept = value.RoundUp(total);
        if (value is { IsPercent: true, Number: not 100 } && kept == total) kept = total - 1;
        return Math.Clamp(kept, 0, total);
    }

    /// <summary>At least 1.</summary>
    public static int AtLeastOne(IntOrPercent value, int total) => Math.Max(1, value.RoundUp(total));

    /// <summary>What two rules about one role come to: the lesser budget (an absent one is least) and the greater partition, shares of 100.</summary>
    public static RollingLimit Merge(RollingLimit left, RollingLimit right) => new(
        Scaled(right.MaxUnavailable) < Scaled(left.MaxUnavailable) ? right.MaxUnavailable : left.MaxUnavailable,
        Scaled(right.Partition) > Scaled(left.Partition) ? right.Partition : left.Partition);

    private static int Scaled(IntOrPercent? value) => value?.RoundUp(100) ?? 0;
}

/// <summary>What a rule says of one role in one step.</summary>
public readonly record struct RollingLimit(IntOrPercent? MaxUnavailable, IntOrPercent? Partition);
