using System.Buffers.Binary;
using System.Text;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Store;

/// <summary>A page in a file, and where it begins there.</summary>
internal readonly record struct IndexedPage(StoredPage Page, long Offset);

/// <summary>
/// The list of the pages of a file; docs/formats/cache-files.md. Each record has a checksum of its own, so that what is torn or
/// rotten loses its own pages only.
/// </summary>
internal static class BucketIndex
{
    private const ulong Magic = 0x31_54_4B_42_43_49_41;   // "AICBKT1"
    private const int HeadBytes = 16;
    private const int FixedBytes = 2 + 2 * KvPageKey.SizeBytes + 4 + 4 + 4 + 8;

    /// <param name="tag">Tells what file it belongs to.</param>
    public static byte[] Write(IReadOnlyCollection<IndexedPage> pages, ulong tag)
    {
        var bytes = new MemoryStream(HeadBytes + pages.Count * (FixedBytes + 16));
        Span<byte> buffer = stackalloc byte[HeadBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(buffer, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(buffer[8..], tag);
        bytes.Write(buffer);
        foreach (var page in pages) Write(bytes, page);
        return bytes.ToArray();
    }

    /// <summary>Reads what is right of it.</summary>
    /// <param name="damaged">Records that were not, at least.</param>
    /// <returns>Null if it is no index.</returns>
    public static List<IndexedPage>? Read(ReadOnlySpan<byte> bytes, out ulong tag, out int damaged)
    {
        (tag, damaged) = (0, 0);
        if (bytes.Length < HeadBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic) return null;
        tag = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        bytes = bytes[HeadBytes..];
        var pages = new List<IndexedPage>();
        while (bytes.Length > 0)
        {
            var length = bytes.Length < 2 ? 0 : FixedBytes + BinaryPrimitives.ReadUInt16LittleEndian(bytes) + 4;
            if (length == 0 || length > bytes.Length)
            {
                damaged++;   // Torn, or its length is: nobody knows where the next one begins.
                break;
            }

            if (PageChecksum.Compute(bytes[..(length - 4)]) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[(length - 4)..])) pages.Add(Read(bytes));
            else damaged++;
            bytes = bytes[length..];
        }

        return pages;
    }

    private static void Write(MemoryStream bytes, IndexedPage indexed)
    {
        var (tenant, page) = (Encoding.UTF8.GetBytes(indexed.Page.Tenant), indexed.Page.Page);
        Span<byte> record = new byte[FixedBytes + tenant.Length + 4];
        BinaryPrimitives.WriteUInt16LittleEndian(record, checked((ushort)tenant.Length));
        page.Key.WriteTo(record[2..]);
        page.Previous.WriteTo(record[18..]);
        BinaryPrimitives.WriteInt32LittleEndian(record[34..], page.Depth);
        BinaryPrimitives.WriteInt32LittleEndian(record[38..], page.SizeBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record[42..], indexed.Page.Checksum);
        BinaryPrimitives.WriteInt64LittleEndian(record[46..], indexed.Offset);
        tenant.CopyTo(record[FixedBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[^4..], PageChecksum.Compute(record[..^4]));
        bytes.Write(record);
    }

    private static IndexedPage Read(ReadOnlySpan<byte> record)
    {
        var page = new CacheShardProtocol.NewPage(
            KvPageKey.Read(record[2..]), KvPageKey.Read(record[18..]), BinaryPrimitives.ReadInt32LittleEndian(record[34..]), BinaryPrimitives.ReadInt32LittleEndian(record[38..]));
        var tenant = Encoding.UTF8.GetString(record.Slice(FixedBytes, BinaryPrimitives.ReadUInt16LittleEndian(record)));
        return new IndexedPage(new StoredPage(tenant, page, BinaryPrimitives.ReadUInt32LittleEndian(record[42..])), BinaryPrimitives.ReadInt64LittleEndian(record[46..]));
    }
}
