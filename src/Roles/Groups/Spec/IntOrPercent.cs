using System.Globalization;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>A number of replicas, or a share of them: <c>3</c> or <c>25%</c>.</summary>
/// <param name="Number">Replicas, or percent.</param>
public readonly record struct IntOrPercent(double Number, bool IsPercent)
{
    public static IntOrPercent Replicas(int count) => new(count, IsPercent: false);

    public static IntOrPercent Percent(double percent) => new(percent, IsPercent: true);

    /// <summary>Replicas of a total; a share is rounded up.</summary>
    public int RoundUp(int total) => IsPercent ? (int)Math.Ceiling(Number * total / 100) : (int)Number;

    /// <summary>Replicas of a total; a share is rounded down.</summary>
    public int RoundDown(int total) => IsPercent ? (int)Math.Floor(Number * total / 100) : (int)Number;

    public override string ToString() => Number.ToString(CultureInfo.InvariantCulture) + (IsPercent ? "%" : "");
}
