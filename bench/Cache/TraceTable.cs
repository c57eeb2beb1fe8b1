using System.Globalization;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Traces;

namespace ActorInference.Bench.Cache;

/// <summary>Hit rates of a recorded trace, by policy and size.</summary>
internal static class TraceTable
{
    private static readonly int[] Sizes = [1_000, 5_000, 10_000, 30_000, 50_000, 200_000];

    public static IEnumerable<string> Lines(string path)
    {
        var trace = TraceReader.Read(path).ToList();
        yield return string.Join(' ', Sizes.Select(static size => $"{size,8}").Prepend("policy  "));
        foreach (var policy in EvictionPolicies.Names)
        {
            var rates = Sizes.Select(size => TraceReplay.Run(trace, policy, size).HitRate.ToString("0.0000", CultureInfo.InvariantCulture));
            yield return string.Join(' ', rates.Select(static rate => $"{rate,8}").Prepend($"{policy,-8}"));
        }
    }
}
