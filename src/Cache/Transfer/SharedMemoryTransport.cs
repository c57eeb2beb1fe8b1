using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// By one copy, from pool to pool, out of those of other processes on this host, each mapped once.
/// </summary>
internal sealed class SharedMemoryTransport(IPageMemory pool) : IPageTransport
{
    /// <summary>Mapped pools beyond which those that nobody reads are unmapped.</summary>
    private const int MaxIdle = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<KvPoolId, Entry> _entries = [];
    private bool _disposed;

    private sealed class Entry(SharedSegment segment)
    {
        public SharedSegment Segment { get; } = segment;

        public int Readers { get; set; }
    }

    public async Task<bool> TryBringAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken)
    {
        if (message.Remote!.Source.SharedPath is not { } path || !File.Exists(path)) return false;
        await Task.Run(() => Copy(message, local.Span, cancellationToken), cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Unmaps the pools of processes that have died, which would take their memory as long as they are mapped, and removes them.</summary>
    public void ReleaseAbandoned()
    {
        lock (_lock) Trim(_entries.Where(pair => pair.Value.Segment.IsAbandoned).Select(pair => pair.Key));
        SharedSegment.RemoveAbandoned();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Trim(_entries.Keys);
        }
    }

    /// <summary>Copies the pages of a message, on the calling thread, and checks what it wrote.</summary>
    /// <exception cref="TransferException">The pool cannot be mapped, or a page is not what was sent.</exception>
    private unsafe void Copy(KvTransferProtocol.KvPages message, ReadOnlySpan<int> local, CancellationToken cancellationToken)
    {
        var source = message.Remote!.Source;
        var entry = Enter(message.Pool, source);
        try
        {
            var pageBytes = source.Layout.PageBytes;
            for (var i = 0; i < local.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var from = new ReadOnlySpan<byte>(entry.Segment.Address + (nint)message.Pages[i].Page * pageBytes, pageBytes);
                PageJob.Check(message, i, Copy(from, local[i]));
            }
        }
        finally
        {
            Leave(entry);
        }
    }

    /// <returns>The checksum of what was written, or, where that is not in the host's memory, of what is to be.</returns>
    private uint Copy(ReadOnlySpan<byte> from, int page)
    {
        if (pool.HasBytes) return PageChecksum.Copy(from, pool.Bytes(page).Span);
        pool.Write(page, from);
        return PageChecksum.Compute(from);
    }

    private Entry Enter(KvPoolId id, KvPageSource source)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_entries.TryGetValue(id, out var entry))
            {
                Trim(_entries.Keys.Take(_entries.Count - MaxIdle + 1));
                entry = new Entry(Open(source));
                _entries.Add(id, entry);
            }

            // The length was checked for what it was opened with; another message may say another.
            var bytes = (long)source.CapacityPages * source.Layout.PageBytes;
            if (entry.Segment.Bytes != bytes)
                throw new TransferException(TransferError.Protocol, $"The pool {id} has {entry.Segment.Bytes} bytes; a message says {bytes}.");
            entry.Readers++;
            return entry;
        }
    }

    private void Leave(Entry entry)
    {
        lock (_lock)
        {
            entry.Readers--;
            if (_disposed) Trim(_entries.Keys);
        }
    }

    private void Trim(IEnumerable<KvPoolId> candidates)
    {
        foreach (var id in candidates.Where(id => _entries[id].Readers == 0).ToList())
        {
            _entries.Remove(id, out var entry);
            entry!.Segment.Dispose();
        }
    }

    private static SharedSegment Open(KvPageSource source)
    {
        try
        {
            return SharedSegment.Open(source.SharedPath!, (long)source.CapacityPages * source.Layout.PageBytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new TransferException(TransferError.Broken, $"The shared pages at {source.SharedPath} cannot be mapped: {failure.Message}", failure);
        }
    }
}
