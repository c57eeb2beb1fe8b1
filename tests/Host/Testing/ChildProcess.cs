using System.Diagnostics;
using System.Text;

namespace ActorInference.Host.Tests.Testing;

/// <summary>A program run to its end.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">All of stdout.</param>
/// <param name="Error">All of stderr.</param>
public sealed record ChildResult(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\nstdout: {Output}\nstderr: {Error}";
}

/// <summary>A program that a test has started. Killed when disposed.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private bool _isDisposed;

    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Where it runs; null for here.</param>
    /// <param name="input">All of its stdin.</param>
    /// <param name="environment">What is in its environment besides what is in this one's.</param>
    public ChildProcess(
        string file, IEnumerable<string> arguments, string? folder = null, string input = "", IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start.");
        _process.StandardInput.Write(input);
        _process.StandardInput.Close();
        _process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => Read(_output);

    public string Error => Read(_error);

    public static async Task<ChildResult> RunAsync(string file, IEnumerable<string> arguments, TimeSpan limit, string? folder = null, string input = "")
    {
        await using var child = new ChildProcess(file, arguments, folder, input);
        return await child.WaitAsync(limit);
    }

    /// <summary>Waits for its end; fails after <paramref name="limit"/>.</summary>
    public async Task<ChildResult> WaitAsync(TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Still running after {limit.TotalSeconds} s.\nstdout: {Output}\nstderr: {Error}");
        }

        return new ChildResult(_process.ExitCode, Output, Error);
    }

    /// <summary>Ends it as a crash does, without waiting, and none of its children; it may have ended already.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await _process.WaitForExitAsync(deadline.Token);
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.Append(line).Append('\n');
    }

    private static string Read(StringBuilder text)
    {
        lock (text) return text.ToString();
    }
}
