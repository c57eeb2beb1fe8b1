using System.Globalization;

namespace ActorInference.Host.Tests.Testing;

/// <summary>The ranks that a process has started, and what it shares with them, as the system shows them.</summary>
public static class RankChildren
{
    private const string SharedMemory = "/dev/shm";

    /// <summary>Whether this system can have ranks, and shows them.</summary>
    public static bool CanBeSeen => RoleProcesses.CanBeSeen && Directory.Exists(SharedMemory);

    /// <summary>Processes of ranks under a process, at whatever depth.</summary>
    public static IReadOnlyList<int> Of(int ancestor)
    {
        var found = new List<int>();
        foreach (var child in Children(ancestor))
        {
            if (Arguments(child).Contains("--group")) found.Add(child);
            else found.AddRange(Of(child));
        }

        return found;
    }

    /// <summary>Files of shared memory whose owner is a process.</summary>
    public static IReadOnlyList<string> SharedFilesOf(int owner) => Directory.GetFiles(SharedMemory, $"actor-inference-kv-{owner}-*");

    /// <summary>Whether a process is there, and has not only not been asked for yet how it ended.</summary>
    public static bool IsAlive(int process) => Stat(process) is { } fields && fields[0] is not ("Z" or "X");

    private static IEnumerable<int> Children(int parent) =>
        from folder in Directory.EnumerateDirectories("/proc")
        let process = int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0
        where process > 0 && Stat(process) is { } fields && fields[1] == parent.ToString(CultureInfo.InvariantCulture)
        select process;

    /// <summary>State, parent and so on.</summary>
    private static string[]? Stat(int process)
    {
        var stat = Read($"/proc/{process}/stat");
        return string.IsNullOrEmpty(stat) ? null : stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static string[] Arguments(int process) => Read($"/proc/{process}/cmdline")?.Split('\0') ?? [];

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;   // It has ended meanwhile.
        }
    }
}
