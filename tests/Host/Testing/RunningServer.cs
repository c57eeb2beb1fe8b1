using System.Text.RegularExpressions;

namespace ActorInference.Host.Tests.Testing;

/// <summary>The built program, serving in a process of its own.</summary>
public sealed partial class RunningServer : IAsyncDisposable
{
    private const string BannerEnd = "Ctrl-C stops it.\n";

    /// <summary>Nobody is given up because the machine is busy: who is dead is known by his connections, or by who started him.</summary>
    private static readonly string[] Calm =
    [
        "--set", "actor-inference.gateway.assign-deadline=60s", "--set", "actor-inference.gateway.reserve-deadline=20s",
        "--set", "actor-inference.gateway.first-page-deadline=20s", "--set", "actor-inference.gateway.stall-deadline=20s",
        "--set", "actor-inference.router.worker-silence=30s",
    ];

    private readonly ChildProcess _process;
    private readonly string? _data;

    private RunningServer(ChildProcess process, Uri address, string? data)
    {
        (_process, _data) = (process, data);
        Client = new HttpClient { BaseAddress = address, Timeout = Executable.Limit };
    }

    public HttpClient Client { get; }

    public string Output => _process.Output;

    public int ProcessId => _process.Id;

    public string Error => _process.Error;

    /// <summary>Memory of the process that is not swapped out.</summary>
    public long MemoryBytes
    {
        get
        {
            using var process = System.Diagnostics.Process.GetProcessById(_process.Id);
            return process.WorkingSet64;
        }
    }

    /// <summary>Starts it on a free port, with a data folder of its own, and waits for its banner.</summary>
    public static Task<RunningServer> StartAsync(params string[] arguments)
    {
        var data = Directory.CreateTempSubdirectory("actorinference-data-").FullName;
        return StartAsync(data, ["--data", data, .. arguments]);
    }

    /// <summary>The same with variables in its environment.</summary>
    public static Task<RunningServer> StartWithAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var data = Directory.CreateTempSubdirectory("actorinference-data-").FullName;
        return StartAsync(data, ["--data", data, .. arguments], environment);
    }

    /// <summary>Starts it on a free port with a data folder that remains when it ends.</summary>
    public static Task<RunningServer> StartInAsync(string data, params string[] arguments) => StartAsync(null, ["--data", data, .. arguments]);

    /// <param name="data">Deleted with it; null for none.</param>
    /// <param name="environment">Variables; null for none.</param>
    private static async Task<RunningServer> StartAsync(string? data, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var process = Executable.StartWith(environment ?? new Dictionary<string, string>(), ["up", "--port", "0", .. Calm, .. arguments]);
        try
        {
            await Deadline.UntilAsync(() => process.HasExited || process.Output.Contains(BannerEnd, StringComparison.Ordinal), "the banner is printed");
            Assert.False(process.HasExited, $"It ended.\nstdout: {process.Output}\nstderr: {process.Error}");
            return new RunningServer(process, new Uri(Address().Match(process.Output).Groups[1].Value), data);
        }
        catch
        {
            await EndAsync(process, data);
            throw;
        }
    }

    /// <summary>Sends SIGTERM and waits for the end.</summary>
    public async Task<ChildResult> TerminateAsync()
    {
        var kill = await ChildProcess.RunAsync("kill", ["-TERM", $"{_process.Id}"], Executable.Limit);
        Assert.True(kill.ExitCode == 0, kill.ToString());
        return await _process.WaitAsync(Executable.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await EndAsync(_process, _data);
    }

    private static async Task EndAsync(ChildProcess process, string? data)
    {
        await process.DisposeAsync();
        await Deadline.UntilAsync(() => TryDelete(data), "the data folder is deleted");   // Processes of it may be about to end.
    }

    private static bool TryDelete(string? folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"on (http://\S+)\n")]
    private static partial Regex Address();
}
