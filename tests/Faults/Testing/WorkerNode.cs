using ActorInference.Host.Tests.Testing;

namespace ActorInference.Faults.Tests.Testing;

/// <summary>A place for a process of one role: when it is killed, another begins at once.</summary>
internal sealed class WorkerNode(string role, Func<ChildProcess> start) : IAsyncDisposable
{
    private ChildProcess _process = start();

    public string Role => role;

    /// <summary>Ends the process as a crash does, and starts another.</summary>
    public async Task KillAsync()
    {
        await _process.DisposeAsync();
        _process = start();
    }

    public string Error => _process.Error;

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
