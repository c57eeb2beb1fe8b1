using System.Globalization;

namespace ActorInference.Host.Tests.Testing;

/// <summary>The processes that a server has started for its roles, as the system shows them.</summary>
public static class RoleProcesses
{
    /// <summary>Whether this system shows them.</summary>
    public static bool CanBeSeen => Directory.Exists("/proc/self");

    /// <summary>Process of a role under a server; null if there is none now.</summary>
    public static int? Find(int server, string role)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var process)) continue;
            if (ParentOf(folder) == server && Arguments(folder) is { } arguments && arguments.Contains("--role") && arguments[arguments.IndexOf("--role") + 1] == role) return process;
        }

        return null;
    }

    /// <summary>Ends it as a crash does.</summary>
    public static void Kill(int process)
    {
        using var victim = System.Diagnostics.Process.GetProcessById(process);
        victim.Kill();
    }

    private static int? ParentOf(string folder)
    {
        var stat = Read(Path.Combine(folder, "stat"));
        return string.IsNullOrEmpty(stat) ? null : int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static List<string>? Arguments(string folder) => Read(Path.Combine(folder, "cmdline"))?.Split('\0').ToList();

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
