using System.Diagnostics.CodeAnalysis;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Store;

/// <summary>Memory of other processes on this host, mapped for reading by its file. Thread-safe.</summary>
/// <remarks>
/// What is read may be written over at that moment: a checksum tells. Memory of a process that has ended is free only when nobody maps it any more: it is let go when
/// the next use finds that out, at most <see cref="SweepInterval"/> later.
/// </remarks>
internal sealed class MappedMemory : IDisposable
{
    public static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Mapping> _mappings = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private long _swept;
    private bool _isDisposed;

    public MappedMemory(TimeProvider time) => (_time, _swept) = (time, time.GetTimestamp());

    /// <summary>Mapped memory, which stays so until its readers have disposed what <see cref="TryUse"/> gave them.</summary>
    internal sealed class Mapping(SharedSegment segment)
    {
        public SharedSegment Segment { get; } = segment;

        public int Readers { get; set; }

        /// <summary>Its owner has ended, or has given it up.</summary>
        public bool IsGone => Segment.IsAbandoned || !File.Exists(Segment.Path);
    }

    /// <summary>One reader's hold on mapped memory.</summary>
    internal sealed class Use(MappedMemory owner, Mapping mapping) : IDisposable
    {
        public SharedSegment Segment => mapping.Segment;

        public void Dispose() => owner.Leave(mapping);
    }

    /// <summary>Segments that are mapped.</summary>
    internal int Count
    {
        get { lock (_lock) return _mappings.Count; }
    }

    /// <summary>Whether it can be mapped here: it is neither another host's nor gone.</summary>
    public bool CanUse(string path, long bytes)
    {
        lock (_lock) return TryMap(path, bytes, out _);
    }

    /// <returns>To be disposed after the reading; null if it cannot be mapped here.</returns>
    public Use? TryUse(string path, long bytes)
    {
        lock (_lock)
        {
            if (!TryMap(path, bytes, out var mapping)) return null;
            mapping.Readers++;
            return new Use(this, mapping);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Unmap(_mappings.Keys);
        }
    }

    private bool TryMap(string path, long bytes, [MaybeNullWhen(false)] out Mapping mapping)
    {
        mapping = null;
        if (_isDisposed) return false;
        Sweep();
        if (_mappings.TryGetValue(path, out mapping)) return mapping.Segment.Bytes == bytes;
        if (!File.Exists(path)) return false;
        try
        {
            mapping = new Mapping(SharedSegment.Open(path, bytes));
        }
        catch (Exception unreachable) when (unreachable is IOException or UnauthorizedAccessException)
        {
            return false;   // Whoever asks goes by the network instead.
        }

        _mappings.Add(path, mapping);
        return true;
    }

    private void Sweep()
    {
        if (_time.GetElapsedTime(_swept) < SweepInterval) return;
        _swept = _time.GetTimestamp();
        var gone = _mappings.Where(static pair => pair.Value.IsGone).Select(static pair => pair.Key).ToList();
        if (gone.Count == 0) return;
        Unmap(gone);
        SharedSegment.RemoveAbandoned();   // Its name went with nobody: whoever had mapped it kept it.
    }

    private void Leave(Mapping mapping)
    {
        lock (_lock)
        {
            mapping.Readers--;
            if (_isDisposed) Unmap(_mappings.Keys);
        }
    }

    private void Unmap(IEnumerable<string> candidates)
    {
        foreach (var path in candidates.Where(path => _mappings[path].Readers == 0).ToList())
        {
            _mappings.Remove(path, out var mapping);
            mapping!.Segment.Dispose();
        }
    }
}
