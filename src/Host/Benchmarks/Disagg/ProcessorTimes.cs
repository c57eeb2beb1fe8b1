using System.Diagnostics;
using System.Globalization;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>
/// What the system has counted until a moment: for each thread of a process the time that it ran and that it was ready to and did not, and for each processor the
/// time that the host of the virtual machine had it. Empty where the system is not Linux, or does not count.
/// </summary>
internal sealed class ProcessorTimes
{
    private const int StolenField = 8;   // Of /proc/stat, after the processor's name.

    private readonly long _taken = Stopwatch.GetTimestamp();
    private readonly Dictionary<int, (long RanNs, long WaitedNs)> _threads = [];
    private readonly Dictionary<int, (long Stolen, long All)> _processors = [];

    /// <param name="processes">Whose threads are looked at.</param>
    public static ProcessorTimes Take(IEnumerable<int> processes)
    {
        var times = new ProcessorTimes();
        if (!OperatingSystem.IsLinux()) return times;
        foreach (var process in processes) times.AddThreads(process);
        if (File.Exists("/proc/stat")) times.AddProcessors(File.ReadLines("/proc/stat"));
        return times;
    }

    /// <summary>Of the thread that ran most since an earlier moment, the part of the time that it waited; null if that is not known.</summary>
    public double? WaitedShareSince(ProcessorTimes earlier)
    {
        if (_threads.Count == 0) return null;
        var busiest = _threads.Where(pair => earlier._threads.ContainsKey(pair.Key)).MaxBy(pair => pair.Value.RanNs - earlier._threads[pair.Key].RanNs);
        return busiest.Key == 0 ? null : (busiest.Value.WaitedNs - earlier._threads[busiest.Key].WaitedNs) / Stopwatch.GetElapsedTime(earlier._taken, _taken).TotalNanoseconds;
    }

    /// <summary>Part of the time since an earlier moment that the host had a processor; null if that is not known.</summary>
    /// <param name="processor">Null for all together.</param>
    public double? StolenShareSince(ProcessorTimes earlier, int? processor)
    {
        var both = _processors.Where(pair => earlier._processors.ContainsKey(pair.Key) && (processor is null || pair.Key == processor)).ToList();
        var all = both.Sum(pair => pair.Value.All - earlier._processors[pair.Key].All);
        return all == 0 ? null : (double)both.Sum(pair => pair.Value.Stolen - earlier._processors[pair.Key].Stolen) / all;
    }

    private void AddThreads(int process)
    {
        var folder = $"/proc/{process}/task";
        if (!Directory.Exists(folder)) return;
        foreach (var thread in Directory.EnumerateDirectories(folder))
        {
            try
            {
                var fields = Numbers(File.ReadAllText(Path.Combine(thread, "schedstat")));
                if (fields.Length >= 2) _threads[int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture)] = (fields[0], fields[1]);
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile, or this kernel does not count.
            }
        }
    }

    private void AddProcessors(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            if (!line.StartsWith("cpu", StringComparison.Ordinal) || line.IndexOf(' ') is not (> 3 and var space)) continue;
            if (!int.TryParse(line.AsSpan(3, space - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var processor)) continue;
            var fields = Numbers(line[space..]);
            if (fields.Length >= StolenField) _processors[processor] = (fields[StolenField - 1], fields[..StolenField].Sum());
        }
    }

    private static long[] Numbers(string text) =>
        [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(field => long.Parse(field, CultureInfo.InvariantCulture))];
}
