using System.Collections.Concurrent;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>The connections to one process's page server: so many at most, used again. Thread-safe.</summary>
internal sealed class PageClients(KvPoolId pool, KvPageSource source, int connections) : IDisposable
{
    private readonly SemaphoreSlim _free = new(connections);
    private readonly ConcurrentBag<PageClient> _idle = [];
    private volatile bool _disposed;

    /// <summary>Fetches pages over as many connections as there are, each a run of them.</summary>
    public Task FetchAsync(ReadOnlyMemory<KvPageReference> remote, IPageMemory target, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        var parts = Math.Clamp(remote.Length, 1, connections);
        var size = Math.Min((remote.Length + parts - 1) / parts, PageWire.MaxRequestPages);
        var fetches = new List<Task>(parts);
        for (var first = 0; first < remote.Length; first += size)
        {
            var length = Math.Min(size, remote.Length - first);
            fetches.Add(FetchPartAsync(remote.Slice(first, length), target, local.Slice(first, length), cancellationToken));
        }

        return Task.WhenAll(fetches);
    }

    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var client)) client.Dispose();
    }

    private async Task FetchPartAsync(
        ReadOnlyMemory<KvPageReference> remote, IPageMemory target, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var wasIdle = _idle.TryTake(out var client);
            client ??= await PageClient.ConnectAsync(pool, source, cancellationToken).ConfigureAwait(false);
            try
            {
                await client.FetchAsync(remote, target, local, cancellationToken).ConfigureAwait(false);
            }
            catch (TransferException broken) when (wasIdle && broken.Error == TransferError.Broken)
            {
                // It may have been closed while it was idle; a new one says whether the server is there.
                client.Dispose();
                client = await PageClient.ConnectAsync(pool, source, cancellationToken).ConfigureAwait(false);
                await RunOnAsync(client, remote, target, local, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                client.Dispose();
                throw;
            }

            _idle.Add(client);
            if (_disposed) Dispose();
        }
        finally
        {
            _free.Release();
        }
    }

    private static async Task RunOnAsync(
        PageClient client, ReadOnlyMemory<KvPageReference> remote, IPageMemory target, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        try
        {
            await client.FetchAsync(remote, target, local, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }
}
