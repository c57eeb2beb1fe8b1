using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Store;

/// <summary>The memory of a store: private, shared with other processes of the host, or shared and kept when the process ends.</summary>
public sealed unsafe class StoreMemory : IDisposable
{
    private const int Alignment = 4096;
    private const string IndexExtension = ".index";

    private readonly SharedSegment? _shared;
    private readonly KeptSegment? _kept;
    private byte* _private;

    private StoreMemory(long bytes, SharedSegment? shared, KeptSegment? kept, byte* memory)
    {
        (Bytes, _shared, _kept) = (bytes, shared, kept);
        _private = memory;
    }

    public long Bytes { get; }

    /// <summary>File that others map; null for private memory.</summary>
    public string? SharedPath => _shared?.Path ?? _kept?.Path;

    /// <summary>File that says what is where in memory that is kept; null for other memory.</summary>
    internal string? IndexPath => _kept is { } kept ? kept.Path + IndexExtension : null;

    /// <summary>Whether it has what an earlier process left in it.</summary>
    internal bool WasKept => _kept is { WasThere: true };

    internal byte* Address => _shared is { } shared ? shared.Address : _kept is { } kept ? kept.Address : _private;

    /// <param name="bytes">Rounded up to whole memory pages, here and below.</param>
    public static StoreMemory Private(long bytes)
    {
        var rounded = Rounded(bytes);
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)rounded, rounded < LargePages.Bytes ? Alignment : (nuint)LargePages.Bytes);
        LargePages.Advise(memory, rounded);
        return new StoreMemory(rounded, null, null, memory);
    }

    /// <exception cref="IOException">There is not that much shared memory.</exception>
    public static StoreMemory Shared(long bytes) => new(Rounded(bytes), SharedSegment.Create(Rounded(bytes)), null, null);

    /// <summary>Memory that the next process of this name on this host finds again.</summary>
    /// <exception cref="IOException">There is not that much shared memory.</exception>
    public static StoreMemory Kept(string name, long bytes) => new(Rounded(bytes), null, new KeptSegment(name, Rounded(bytes)), null);

    public void Dispose()
    {
        _shared?.Dispose();
        _kept?.Dispose();
        if (_private == null) return;
        NativeMemory.AlignedFree(_private);
        _private = null;
    }

    private static long Rounded(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        return (bytes + Alignment - 1) / Alignment * Alignment;
    }
}
