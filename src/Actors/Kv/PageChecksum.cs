using System.Runtime.CompilerServices;

namespace ActorInference.Actors.Kv;

/// <summary>
/// The checksum of a page that leaves its process: 16 sums of 64 bits over rows of 128 bytes, mixed into 32 bits. A word adds itself to
/// its neighbour's sum and, with the row's key, the product of its halves to its own: the step of XXH3 (Y. Collet, xxHash specification)
/// with a key that goes on from row to row. The sums of a page's stretches add up to those of the page, so that stretches may come in any
/// order and on different connections. Layout: docs/formats/kv-transfer.md. As fast as memory where there is AVX2.
/// </summary>
public static class PageChecksum
{
    /// <param name="bytes">A whole page.</param>
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        var sums = default(PageSums);
        sums.Add(bytes, 0);
        return sums.Finish(bytes.Length);
    }

    /// <summary>Copies a page and gives the checksum of what was written, in one pass over the source.</summary>
    /// <param name="source">A whole page; may change meanwhile, and what is summed is what is written.</param>
    /// <param name="target">At least as long; no overlap.</param>
    public static uint Copy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var sums = default(PageSums);
        sums.AddCopying(source, target, 0);
        return sums.Finish(source.Length);
    }
}

/// <summary>The sums under a <see cref="PageChecksum"/>, of a stretch of a page or of all of it.</summary>
public unsafe struct PageSums
{
    /// <summary>Stretches begin at multiples of this.</summary>
    public const int RowBytes = 128;

    /// <summary>Bytes of the sums themselves.</summary>
    public const int LaneBytes = LaneCount * sizeof(ulong);

    internal const int LaneCount = 16;

    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    private Lanes _lanes;

    /// <summary>Adds a stretch.</summary>
    /// <param name="bytes">Ends where the page does, or at a multiple of <see cref="RowBytes"/>.</param>
    /// <param name="offset">Where it begins within the page: a multiple of <see cref="RowBytes"/>.</param>
    public void Add(ReadOnlySpan<byte> bytes, int offset)
    {
        CheckOffset(offset);
        var whole = bytes.Length & -RowBytes;
        fixed (byte* source = bytes)
        fixed (Lanes* lanes = &_lanes)
        {
            PageRows.Add(source, whole, offset / RowBytes, (ulong*)lanes);
            if (whole == bytes.Length) return;
            var last = stackalloc byte[RowBytes];
            bytes[whole..].CopyTo(new Span<byte>(last, RowBytes));
            PageRows.Add(last, RowBytes, (offset + whole) / RowBytes, (ulong*)lanes);
        }
    }

    /// <summary>Copies a stretch and adds what it has written.</summary>
    /// <param name="source">As in <see cref="Add"/>.</param>
    /// <param name="target">At least as long; no overlap.</param>
    /// <param name="offset">As in <see cref="Add"/>.</param>
    public void AddCopying(ReadOnlySpan<byte> source, Span<byte> target, int offset)
    {
        CheckOffset(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, source.Length);
        var whole = source.Length & -RowBytes;
        fixed (byte* from = source)
        fixed (byte* to = target)
        fixed (Lanes* lanes = &_lanes)
            PageRows.AddCopying(from, to, whole, offset / RowBytes, (ulong*)lanes);
        if (whole == source.Length) return;
        source[whole..].CopyTo(target[whole..]);
        Add(target[whole..source.Length], offset + whole);
    }

    /// <summary>Adds the sums of another stretch of the same page.</summary>
    public void Join(in PageSums other)
    {
        for (var i = 0; i < LaneCount; i++) _lanes[i] += other._lanes[i];
    }

    /// <summary>The checksum, once all stretches are in.</summary>
    /// <param name="pageBytes">Length of the page.</param>
    public readonly uint Finish(int pageBytes) => Finish(_lanes, pageBytes);

    /// <summary>The checksum from sums that were formed elsewhere.</summary>
    /// <param name="lanes">The 16 sums of all of the page.</param>
    /// <param name="pageBytes">Length of the page.</param>
    public static uint Finish(ReadOnlySpan<ulong> lanes, int pageBytes)
    {
        // Not a sum of the lanes: words that change places would cancel out.
        var mixed = (ulong)pageBytes;
        foreach (var lane in lanes[..LaneCount])
        {
            mixed = (mixed ^ lane) * Multiplier;
            mixed ^= mixed >> 29;
        }

        return (uint)(mixed ^ (mixed >> 32));
    }

    private static void CheckOffset(int offset)
    {
        if (offset < 0 || offset % RowBytes != 0) throw new ArgumentOutOfRangeException(nameof(offset), offset, $"A stretch begins at a multiple of {RowBytes}.");
    }

    [InlineArray(LaneCount)]
    private struct Lanes
    {
        private ulong _first;
    }
}
