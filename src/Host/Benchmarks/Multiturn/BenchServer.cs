using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ActorInference.Host.Benchmarks.Multiturn;

/// <summary>A server in a process of its own, for a benchmark. Killed when disposed.</summary>
internal sealed partial class BenchServer : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan EndDeadline = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    private BenchServer(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Starts <c>up</c> on a free port and waits until it serves.</summary>
    /// <exception cref="InvalidOperationException">It ended instead; the message has what it said.</exception>
    public static async Task<BenchServer> StartAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Under `dotnet actorinference.dll` the process is dotnet, and the program its first argument.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(BenchServer).Assembly.Location);
        foreach (var argument in (IEnumerable<string>)["up", "--port", "0", "--management-port", "none", "--cmd-port", "none", "--log-level", "Warning", .. arguments])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{Environment.ProcessPath} did not start.");
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new StringBuilder();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text && AddressIn().Match(text) is { Success: true } found) address.TrySetResult(new Uri(found.Groups[1].Value));
        };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (said) said.AppendLine(line.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            var ended = process.WaitForExitAsync(cancellationToken);
            if (await Task.WhenAny(address.Task, ended).WaitAsync(StartDeadline, cancellationToken) == address.Task)
                return new BenchServer(process, await address.Task);
            string message;
            lock (said) message = said.ToString();
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The server ended with exit code {process.ExitCode}: {message.Trim()}"));
        }
        catch
        {
            await EndAsync(process);
            throw;
        }
    }

    public async ValueTask DisposeAsync() => await EndAsync(_process);

    private static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            using var deadline = new CancellationTokenSource(EndDeadline);
            await process.WaitForExitAsync(deadline.Token);
        }

        process.Dispose();
    }

    [GeneratedRegex(@"on (http://\S+)")]
    private static partial Regex AddressIn();
}
