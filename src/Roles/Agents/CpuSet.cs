using System.Collections.Immutable;
using System.Globalization;

namespace ActorInference.Roles.Agents;

/// <summary>Sets of a host's cores as taskset and cgroups write them: <c>0-3,8</c>.</summary>
public static class CpuSet
{
    /// <summary>No machine has a core of a greater number.</summary>
    public const int MaxCore = 8191;

    /// <returns>The numbers, ascending and each once; null if the text is no set, or an empty one.</returns>
    public static ImmutableArray<int>? Parse(string text)
    {
        var cores = new SortedSet<int>();
        foreach (var part in text.Split(','))
        {
            var bounds = part.Split('-');
            if (bounds.Length > 2 || !TryRead(bounds[0], out var first) || !TryRead(bounds[^1], out var last) || last < first) return null;
            for (var core = first; core <= last; core++) cores.Add(core);
        }

        return [.. cores];
    }

    /// <summary>Writes a set, neighbours as a range.</summary>
    public static string Format(IEnumerable<int> cores)
    {
        var ranges = new List<(int First, int Last)>();
        foreach (var core in cores.Distinct().Order())
        {
            if (ranges.Count > 0 && ranges[^1].Last == core - 1) ranges[^1] = (ranges[^1].First, core);
            else ranges.Add((core, core));
        }

        return string.Join(',', ranges.Select(range => string.Create(CultureInfo.InvariantCulture, $"{range.First}{(range.Last > range.First ? $"-{range.Last}" : "")}")));
    }

    private static bool TryRead(string text, out int core) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out core) && core <= MaxCore;
}
