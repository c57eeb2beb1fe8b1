using System.Diagnostics;
using System.Text;

namespace ActorInference.Cuda.Tests.Testing;

/// <summary>The newest clang of this machine.</summary>
internal static class Clang
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    /// <summary>Its path and major version; a null path where there is none.</summary>
    public static (string? Path, int Version) Newest { get; } = Find();

    /// <summary>Runs it; fails with what it said.</summary>
    public static void Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Newest.Path!) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var words = new StringBuilder();
        DataReceivedEventHandler keep = (_, line) =>
        {
            lock (words) words.AppendLine(line.Data);
        };
        process.OutputDataReceived += keep;
        process.ErrorDataReceived += keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            Assert.True(process.WaitForExit(Deadline), "clang does not end.");
            process.WaitForExit();   // Returns when its last words are here.
            Assert.True(process.ExitCode == 0, $"clang {string.Join(' ', arguments)}: {words}");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static (string? Path, int Version) Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        for (var version = 24; version >= 14; version--)
        {
            foreach (var folder in folders)
            {
                var path = System.IO.Path.Combine(folder, $"clang++-{version}");
                if (File.Exists(path)) return (path, version);
            }
        }

        return (null, 0);
    }
}
