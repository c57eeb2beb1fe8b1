using System.Diagnostics;
using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Benchmarks;

/// <summary>What copying memory costs here: from a plain buffer into the pool's pages, by the system's own memcpy.</summary>
internal sealed unsafe class MemoryCopy : IDisposable
{
    private const int AlignmentBytes = 4096;

    private readonly IPageMemory _pool;
    private readonly int[] _pages;
    private byte* _source;
    private byte* _target;

    public MemoryCopy(IPageMemory pool, int[] pages)
    {
        (_pool, _pages) = (pool, pages);
        Bytes = (long)pages.Length * pool.Layout.PageBytes;
        _source = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, AlignmentBytes);
        _target = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, AlignmentBytes);
        NativeMemory.Fill(_source, (nuint)Bytes, 1);
        NativeMemory.Fill(_target, (nuint)Bytes, 2);
    }

    public long Bytes { get; }

    /// <summary>All at once, and page by page: the better of the two.</summary>
    public double BestGigabytesPerSecond()
    {
        var start = Stopwatch.GetTimestamp();
        Buffer.MemoryCopy(_source, _target, Bytes, Bytes);
        var atOnce = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        var pageBytes = _pool.Layout.PageBytes;
        foreach (var page in _pages) new ReadOnlySpan<byte>(_source + (long)page * pageBytes, pageBytes).CopyTo(_pool.Bytes(page).Span);
        var byPages = Stopwatch.GetElapsedTime(start);
        return Bytes / Math.Min(atOnce.TotalSeconds, byPages.TotalSeconds) / 1e9;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_source);
        NativeMemory.AlignedFree(_target);
        _source = _target = null;
    }
}
