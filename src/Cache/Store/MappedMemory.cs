using System.Collections.Concurrent;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Store;

/// <summary>Memory of other processes on this host, mapped for reading by its file. Thread-safe.</summary>
/// <remarks>What is read may be written over at that moment: a checksum tells.</remarks>
internal sealed class MappedMemory : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<SharedSegment?>> _segments = new(StringComparer.Ordinal);

    /// <returns>Null if it cannot be mapped here: another host's, or gone.</returns>
    public SharedSegment? Open(string path, long bytes)
    {
        if (_segments.TryGetValue(path, out var known) && known.Value is { } segment) return segment.Bytes == bytes ? segment : null;
        return File.Exists(path) ? _segments.AddOrUpdate(path, _ => Map(path, bytes), (_, old) => old.Value is null ? Map(path, bytes) : old).Value : null;
    }

    public void Dispose()
    {
        foreach (var segment in _segments.Values) segment.Value?.Dispose();
        _segments.Clear();
    }

    private static Lazy<SharedSegment?> Map(string path, long bytes) => new(() =>
    {
        try
        {
            return SharedSegment.Open(path, bytes);
        }
        catch (Exception unreachable) when (unreachable is IOException or UnauthorizedAccessException)
        {
            return null;   // Whoever asks goes by the network instead.
        }
    });
}
