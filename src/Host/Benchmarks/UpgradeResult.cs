using System.Text.Json.Serialization;

namespace ActorInference.Host.Benchmarks;

/// <summary>What upgrades under load did to those who used the group.</summary>
/// <param name="Mode">in_place or recreate.</param>
/// <param name="TtftP99BeforeS">Seconds to the first token, 99th percentile, before the upgrade.</param>
/// <param name="TtftP99DuringS">The same while it lasted.</param>
/// <param name="ThroughputDip">Part of the tokens a second that was missing while it lasted; at least 0.</param>
/// <param name="HitRateRecoveryS">Seconds from an upgrade's end until the hit rate was 95 % of what it was before; null if it was not within the measured time.</param>
/// <param name="FailedRequests">Answered by an error, or not at all.</param>
/// <param name="TruncatedStreams">Begun, and broken off.</param>
/// <param name="RecomputedTokens">Tokens that a conversation had been computed for, and that were computed again while it lasted.</param>
/// <param name="UpgradeS">How long one lasted, on average.</param>
/// <param name="Upgrades">How many there were, one after the other; what is above is of all of them together, and the hit rate's recovery the slowest.</param>
/// <param name="RequestsDuring">Sent while one lasted.</param>
/// <param name="Requests">In all.</param>
/// <param name="Restarts">Of all upgraded instances together.</param>
public sealed record UpgradeResult(
    string Mode, double TtftP99BeforeS, double TtftP99DuringS, double ThroughputDip, double? HitRateRecoveryS, int FailedRequests, int TruncatedStreams, long RecomputedTokens,
    double UpgradeS, int Upgrades, int RequestsDuring, int Requests, int Restarts);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(List<UpgradeResult>))]
public sealed partial class UpgradeJson : JsonSerializerContext;
