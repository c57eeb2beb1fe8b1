using System.Diagnostics;

namespace ActorInference.Bench.Engine;

/// <summary>Runs the measuring processes.</summary>
internal static class Peer
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Brings llama.cpp's bindings for Node.</summary>
    /// <returns>The folder that they and measure.mjs are in.</returns>
    public static async Task<string> InstallAsync(string folder)
    {
        var target = Directory.CreateDirectory(Path.Combine(folder, "llama")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "llama"))) File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        if (!Directory.Exists(Path.Combine(target, "node_modules", "node-llama-cpp")))
            await RunAsync("npm", target, ["install", "--ignore-scripts", "--no-audit", "--no-fund"]);
        return target;
    }

    /// <returns>The last line of its output.</returns>
    public static async Task<string> RunAsync(string program, string folder, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{program} did not start.");
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? output.TrimEnd().Split('\n')[^1]
                : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with exit code {process.ExitCode}.");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
