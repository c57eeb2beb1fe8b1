using System.Buffers.Binary;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>
/// What a kept host pool says of its pages, so that the next process finds them: docs/formats/host-pool.md. A record is
/// cleared before its page changes and written after it, so that a process may die at any moment.
/// </summary>
internal sealed unsafe class HostRecords
{
    private const int RecordBytes = 64;
    private const int AlignmentBytes = 4096;
    private const int CheckedBytes = 48;

    private readonly byte* _base;
    private readonly int _capacity;
    private readonly uint _seed;

    /// <param name="file">The mapped file.</param>
    public HostRecords(byte* file, KvPageLayout layout, int capacity)
    {
        _base = file;
        _capacity = capacity;
        Span<byte> head = stackalloc byte[32];
        "AIHOST1\0"u8.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], layout.Layers);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], layout.PageSizeTokens);
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], layout.KvHeads);
        BinaryPrimitives.WriteInt32LittleEndian(head[20..], layout.HeadDim);
        BinaryPrimitives.WriteInt32LittleEndian(head[24..], (int)layout.Dtype);
        BinaryPrimitives.WriteInt32LittleEndian(head[28..], capacity);
        _seed = PageChecksum.Compute(head);
        var found = new Span<byte>(_base, head.Length);
        if (found.SequenceEqual(head)) return;
        new Span<byte>(_base, (int)HeadBytes(capacity)).Clear();
        head.CopyTo(found);
    }

    /// <summary>One page that an earlier process left.</summary>
    public readonly record struct Record(KvPageKey Key, KvPageKey Previous, int Index, uint Checksum);

    /// <summary>Bytes before the first page.</summary>
    public static long HeadBytes(int capacity) => ((capacity + 1L) * RecordBytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;

    public void Clear(int page) => At(page).Clear();

    public void Write(int page, in Record record)
    {
        var bytes = At(page);
        record.Key.WriteTo(bytes);
        record.Previous.WriteTo(bytes[16..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[32..], record.Index);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[36..], record.Checksum);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[40..], page);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], _seed);
        Thread.MemoryBarrier();   // The page and its record before the mark that makes them count.
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CheckedBytes..], PageChecksum.Compute(bytes[..CheckedBytes]));
    }

    /// <returns>False if there is none, or none that is whole.</returns>
    public bool TryRead(int page, out Record record)
    {
        var bytes = At(page);
        record = default;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[44..]) != _seed || BinaryPrimitives.ReadInt32LittleEndian(bytes[40..]) != page) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[CheckedBytes..]) != PageChecksum.Compute(bytes[..CheckedBytes])) return false;
        record = new Record(
            KvPageKey.Read(bytes),
            KvPageKey.Read(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[36..]));
        return true;
    }

    private Span<byte> At(int page)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)page, (uint)_capacity);
        return new Span<byte>(_base + (page + 1L) * RecordBytes, RecordBytes);
    }
}
