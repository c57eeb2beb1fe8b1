using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ActorInference.Gpu.Cpu;

/// <summary>Keys and values of one head of one layer, by position in a sequence.</summary>
/// <remarks>SAFETY: positions are below pages * page size; the pool outlives the value.</remarks>
internal readonly unsafe ref struct HeadRows
{
    private const int CacheLineBytes = 64;

    private readonly ReadOnlySpan<int> _pages;
    private readonly byte* _first;
    private readonly nint _pageBytes;
    private readonly nint _planeBytes;
    private readonly int _shift;
    private readonly int _mask;
    private readonly int _headBytes;

    /// <param name="first">The head's key of page 0's first token.</param>
    /// <param name="pageBytes">From a page to the next.</param>
    /// <param name="planeBytes">From keys to values.</param>
    /// <param name="rowBytes">From a token to the next.</param>
    /// <param name="shift">Logarithm of tokens in a page.</param>
    public HeadRows(ReadOnlySpan<int> pages, byte* first, nint pageBytes, nint planeBytes, nint rowBytes, int shift, int headBytes)
    {
        _pages = pages;
        (_pageBytes, _planeBytes, RowBytes) = (pageBytes, planeBytes, rowBytes);
        (_shift, _mask, _headBytes) = (shift, (1 << shift) - 1, headBytes);
        _first = first;
    }

    /// <summary>From a token to the next in a page.</summary>
    public nint RowBytes { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Key(int position) => _first + _pages[position >> _shift] * _pageBytes + (position & _mask) * RowBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Value(int position) => Key(position) + _planeBytes;

    /// <summary>How many of some neighbouring tokens lie in the first one's page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Run(int position, int count) => Math.Min(count, _mask + 1 - (position & _mask));

    /// <summary>
    /// Asks for rows that will be read in a while. Where a head's rows lie apart, in pages anywhere, the processor does not foresee them, and each would be
    /// waited for.
    /// </summary>
    public void Prefetch(int position, int count, bool values)
    {
        if (!Sse.IsSupported) return;
        var plane = values ? _planeBytes : 0;
        while (count > 0)
        {
            var run = Run(position, count);
            var row = Key(position) + plane;
            for (var i = 0; i < run; i++, row += RowBytes)
            {
                for (var line = (byte*)((nint)row & -CacheLineBytes); line < row + _headBytes; line += CacheLineBytes) Sse.Prefetch0(line);
            }

            (position, count) = (position + run, count - run);
        }
    }
}
