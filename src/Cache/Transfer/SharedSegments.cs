using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>The pools of other processes on this host that are mapped here. Thread-safe.</summary>
internal sealed class SharedSegments : IDisposable
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

    /// <summary>Copies pages out of another process's pool into this one's, on the calling thread.</summary>
    /// <exception cref="TransferException">It cannot be mapped.</exception>
    public unsafe void Copy(KvPoolId id, KvPageSource source, ReadOnlySpan<KvPageReference> remote, IPageMemory pool, ReadOnlySpan<int> local)
    {
        var entry = Enter(id, source);
        try
        {
            var pageBytes = source.Layout.PageBytes;
            for (var i = 0; i < remote.Length; i++)
            {
                var from = new ReadOnlySpan<byte>(entry.Segment.Address + (nint)remote[i].Page * pageBytes, pageBytes);
                from.CopyTo(pool.Bytes(local[i]).Span);
            }
        }
        finally
        {
            Leave(entry);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Trim(maxIdle: 0);
        }
    }

    private Entry Enter(KvPoolId id, KvPageSource source)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_entries.TryGetValue(id, out var entry))
            {
                entry = new Entry(Open(source));
                _entries.Add(id, entry);
                Trim(MaxIdle);
            }

            entry.Readers++;
            return entry;
        }
    }

    private void Leave(Entry entry)
    {
        lock (_lock)
        {
            entry.Readers--;
            if (_disposed) Trim(maxIdle: 0);
        }
    }

    private void Trim(int maxIdle)
    {
        foreach (var (id, entry) in _entries.Where(pair => pair.Value.Readers == 0).Take(_entries.Count - maxIdle).ToList())
        {
            _entries.Remove(id);
            entry.Segment.Dispose();
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
