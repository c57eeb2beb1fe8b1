using System.Globalization;

namespace ActorInference.Roles.Configuration;

/// <summary>What memory a process may take without taking it from others.</summary>
internal static class FreeMemory
{
    private const string Linux = "/proc/meminfo";
    private const string Line = "MemAvailable:";

    /// <summary>Bytes, at most the limit that the process runs under. Where the system does not say, half of what the machine has.</summary>
    public static long Bytes()
    {
        var most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var line = File.Exists(Linux) ? File.ReadLines(Linux).FirstOrDefault(static line => line.StartsWith(Line, StringComparison.Ordinal)) : null;
        if (line is null) return most / 2;
        var kilobytes = line.AsSpan(Line.Length).Trim();
        return Math.Min(most, long.Parse(kilobytes[..kilobytes.IndexOf(' ')], CultureInfo.InvariantCulture) * 1024);
    }
}
