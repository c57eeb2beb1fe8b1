using System.Globalization;

namespace ActorInference.Actors.Kv;

/// <summary>
/// Names of shared segments: the owner's process number and the time it began at, so that another process that got the number later is
/// not taken for it, and something random.
/// </summary>
internal static class SegmentName
{
    public const string Pattern = Prefix + "*";

    private const string Prefix = "actor-inference-kv-";

    public static string New()
    {
        var process = Environment.ProcessId;
        return $"{Prefix}{process}-{StartOf(process) ?? "0"}-{Guid.NewGuid():n}";
    }

    public static bool IsOne(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Whether the process that made it is gone, as far as this one can see. Names of another kind have no dead owner.</summary>
    public static bool IsOwnerDead(string name)
    {
        var parts = IsOne(name) ? name[Prefix.Length..].Split('-') : [];
        return parts.Length == 3
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            && StartOf(process) is var start
            && start != parts[1];
    }

    /// <summary>
    /// When a process began, in the kernel's ticks; null if there is none, or one that has ended and only waits for its parent to ask how. Fields 22
    /// and 3 of proc(5)'s stat.
    /// </summary>
    private static string? StartOf(int process)
    {
        const int startAfterName = 19;
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[startAfterName];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
