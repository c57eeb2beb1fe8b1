using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Roles.Composition;

namespace ActorInference.Host.Composition;

/// <summary>
/// A process of this machine with one role, started by the one that serves. Begun again when it dies, at once or, if none serves
/// for long, after a pause that grows; ends when its parent does, whatever happens to that, since its standard input ends then.
/// </summary>
public sealed partial class RoleProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(20);

    private readonly NodeRole _role;
    private readonly ProcessOptions _options;
    private readonly string _seed;
    private readonly ILogger _log;
    private readonly Action<string> _onDeath;
    private readonly RolePlacement _placement;
    private readonly CancellationTokenSource _stop = new();
    private volatile Place? _place;
    private readonly Task _running;

    /// <param name="role">What it does.</param>
    /// <param name="options">Its model and configuration, the same as here; the folder is the journal of both.</param>
    /// <param name="seed">The parent, as <c>host:port</c>.</param>
    /// <param name="log">Told of its end.</param>
    /// <param name="onDeath">Told when it is certain that the member of the cluster at an address, <c>host:port</c>, is dead.</param>
    /// <param name="placement">What is its own; null for nothing.</param>
    public RoleProcess(NodeRole role, ProcessOptions options, string seed, ILogger log, Action<string> onDeath, RolePlacement? placement = null)
    {
        (_role, _options, _seed, _log, _onDeath, _placement) = (role, options, seed, log, onDeath, placement ?? new RolePlacement());
        _running = RunAsync();
    }

    /// <summary>Where the present process is in the cluster, <c>host:port</c>, and its id; null while none has said so.</summary>
    public (string Address, int ProcessId)? Member => _place is { } place ? (place.Address, place.ProcessId) : null;

    /// <summary>Asks it to end and waits; ends it by force after a deadline.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var restarts = new ProcessRestarts();
        while (!_stop.IsCancellationRequested)
        {
            using var process = Start();
            try
            {
                await process.WaitForExitAsync(_stop.Token);
                if (_place is { } place) _onDeath(place.Address);
            }
            catch (OperationCanceledException)
            {
                await StopAsync(process);
                return;
            }

            var pause = restarts.Next(_place is { } joined ? Stopwatch.GetElapsedTime(joined.Since) : TimeSpan.Zero);
            _log.LogWarning("The {Role} process ended with exit code {ExitCode}; another begins in {Pause}.", _role.Name(), process.ExitCode, pause);
            await Task.Delay(pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Process Start()
    {
        var process = Process.Start(OwnProgram.Start(Arguments())) ?? throw new InvalidOperationException($"{Environment.ProcessPath} did not start.");
        _place = null;
        var id = process.Id;
        process.OutputDataReceived += (_, line) =>
        {
            // Its banner says where it is; stdout here is for answers.
            if (line.Data is { } text && Banner().Match(text) is { Success: true } match) _place = new Place(match.Groups[1].Value, id, Stopwatch.GetTimestamp());
        };
        process.BeginOutputReadLine();
        return process;
    }

    private IEnumerable<string> Arguments()
    {
        yield return "node";
        foreach (var (name, value) in new (string, object?)[]
        {
            ("--role", _role.Name()),
            ("--seed", _seed),
            ("--cluster-port", 0),
            ("--model", _options.ModelFolder),
            ("--served-model-name", _options.ModelName),
            ("--device", _options.Device),
            ("--threads", _options.Threads),
            ("--tensor-parallel", _options.Ranks),
            ("--kv-pages", _options.KvPages),
            ("--kv-memory", _options.KvBytes),
            ("--page-size", _options.PageSizeTokens),
            ("--kv-dtype", _options.KvDtype),
            ("--transport", _options.Transport.ToString().ToLowerInvariant()),
            ("--log-level", _options.LogLevel),
            ("--config", _options.Config.Path),
            ("--data", _options.DataFolder),
            ("--management-port", PortOption.None),
            ("--cmd-port", PortOption.None),
            ("--cpu", _placement.Cpu),
            ("--step-log", _placement.StepLogs),
        })
        {
            if (value is null) continue;
            yield return name;
            yield return Convert.ToString(value, CultureInfo.InvariantCulture)!;
        }

        foreach (var given in _options.Config.Given)
        {
            yield return "--set";
            yield return given;
        }

        yield return "--end-with-input";
    }

    private async Task StopAsync(Process process)
    {
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(StopDeadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            _log.LogWarning("The {Role} process did not end within {Deadline}; it is killed.", _role.Name(), StopDeadline);
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>A member of the cluster.</summary>
    private sealed record Place(string Address, int ProcessId, long Since);

    [GeneratedRegex(@" at (\S+:\d+)\.$")]
    private static partial Regex Banner();
}

/// <summary>What a process of a role has for itself.</summary>
/// <param name="Cpu">Processor that it keeps to; null for all.</param>
/// <param name="StepLogs">Folder for a file of each worker's steps; null for none.</param>
public sealed record RolePlacement(int? Cpu = null, string? StepLogs = null);
