using System.Text.RegularExpressions;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Faults.Tests.Testing;

/// <summary>A place for a process of one role: when it is killed, another begins at once.</summary>
internal sealed partial class WorkerNode(Func<ChildProcess> start) : IAsyncDisposable
{
    private ChildProcess _process = start();

    /// <summary>Ends the process as a crash does, and starts another.</summary>
    /// <returns>Where it was in the cluster, <c>host:port</c>; null if it had not joined yet.</returns>
    public async Task<string?> KillAsync()
    {
        var dead = _process;
        dead.Kill();   // At this very moment; the rest takes its time.
        await dead.DisposeAsync();
        _process = start();
        return AddressOf(dead);
    }

    /// <summary>Where it is in the cluster, <c>host:port</c>; null before it has joined.</summary>
    public string? Address => AddressOf(_process);

    public string Error => _process.Error;

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string? AddressOf(ChildProcess process) => Banner().Match(process.Output) is { Success: true } banner ? banner.Groups[1].Value : null;

    [GeneratedRegex(@" at (\S+:\d+)\.\n")]
    private static partial Regex Banner();
}
