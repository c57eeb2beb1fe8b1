using System.Buffers.Binary;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// The bytes between a page client and a page server, little-endian; docs/formats/kv-transfer.md. A client greets with the
/// pool and the layout that it means; then it asks for pages by number and generation, and they come in that order.
/// </summary>
internal static class PageWire
{
    public const ulong Magic = 0x31_47_50_56_4B_49_41;   // "AIKVPG1"
    public const int GreetingBytes = 8 + 16 + LayoutBytes;
    public const int AnswerBytes = 4;
    public const int RequestHeadBytes = 4;
    public const int RequestPageBytes = 8;
    public const int PageHeadBytes = 4;

    /// <summary>Pages in one request; more are asked for in several.</summary>
    public const int MaxRequestPages = 4096;

    private const int LayoutBytes = 5 * 4;

    public enum Answer
    {
        Welcome = 1,
        UnknownPool = 2,
        OtherLayout = 3,
    }

    public enum PageState
    {
        Here = 1,
        Gone = 2,
    }

    public static void WriteGreeting(Span<byte> target, KvPoolId pool, KvPageLayout layout)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Magic);
        pool.Value.TryWriteBytes(target[8..24]);
        WriteLayout(target[24..], layout);
    }

    public static bool TryReadGreeting(ReadOnlySpan<byte> source, out KvPoolId pool, out ReadOnlySpan<byte> layout)
    {
        pool = new KvPoolId(new Guid(source[8..24]));
        layout = source[24..GreetingBytes];
        return BinaryPrimitives.ReadUInt64LittleEndian(source) == Magic;
    }

    public static bool IsLayout(ReadOnlySpan<byte> bytes, KvPageLayout layout)
    {
        Span<byte> expected = stackalloc byte[LayoutBytes];
        WriteLayout(expected, layout);
        return bytes.SequenceEqual(expected);
    }

    public static void WritePage(Span<byte> target, KvPageReference page)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, page.Page);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], page.Generation);
    }

    public static KvPageReference ReadPage(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadInt32LittleEndian(source), BinaryPrimitives.ReadInt32LittleEndian(source[4..]));

    private static void WriteLayout(Span<byte> target, KvPageLayout layout)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, layout.Layers);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], layout.PageSizeTokens);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], layout.KvHeads);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], layout.HeadDim);
        BinaryPrimitives.WriteInt32LittleEndian(target[16..], (int)layout.Dtype);
    }
}
