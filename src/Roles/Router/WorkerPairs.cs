using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Roles.Router;

/// <summary>Which workers can share a generation.</summary>
public static class WorkerPairs
{
    /// <summary>What stands between two workers, by their reports; null if pages can go from one to the other.</summary>
    public static string? Difference(RouterProtocol.WorkerReport one, RouterProtocol.WorkerReport other) => one.Protocol == other.Protocol
        ? KvCompatibility.Explain(one.Format, other.Format)
        : $"messages of version {one.Protocol} and {other.Protocol}";

    /// <summary>Why workers for both halves of a generation do not make a pair; null if some do, or there are none.</summary>
    public static string? Mismatch(IReadOnlyList<RouterProtocol.WorkerReport> reports)
    {
        var prefill = reports.Where(report => !report.Draining && report.Role.Serves(WorkerRole.Prefill)).ToList();
        var decode = reports.Where(report => !report.Draining && report.Role.Serves(WorkerRole.Decode)).ToList();
        if (prefill.Count == 0 || decode.Count == 0 || prefill.Any(one => decode.Any(other => Difference(one, other) is null))) return null;
        return $"No workers can be paired: between {prefill[0].Worker} and {decode[0].Worker} stands: {Difference(prefill[0], decode[0])}.";
    }
}
