using System.Diagnostics;

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
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            Assert.True(process.WaitForExit(Deadline), "clang does not end.");
            Assert.True(process.ExitCode == 0, $"clang {string.Join(' ', arguments)}: {errors.Result}{output.Result}");
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
