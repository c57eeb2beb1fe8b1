using System.Buffers.Binary;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// The bytes between a page client and a page server, little-endian; docs/formats/kv-transfer.md. A client greets with the pool and the
/// format that it means; then it asks for stretches of pages, and they come in that order, or it learns which page is gone.
/// </summary>
internal static class PageWire
{
    public const ulong Magic = 0x45_47_41_50_56_4B_49_41;   // "AIKVPAGE"
    public const int GreetingBytes = 8 + 16 + FormatBytes;
    public const int AnswerBytes = 4 + FormatBytes;
    public const int RequestHeadBytes = 4;
    public const int StretchBytes = 16;
    public const int ResponseHeadBytes = 8;

    /// <summary>Stretches in one request; more are asked for in several.</summary>
    public const int MaxStretches = 1024;

    /// <summary>Bytes that one request may ask for, if it is of more than one stretch.</summary>
    public const long MaxRequestBytes = 64 << 20;

    private const int FormatBytes = 6 * 4;

    public enum Answer
    {
        Welcome = 1,
        UnknownPool = 2,
        OtherFormat = 3,
        Busy = 4,
    }

    public enum ResponseState
    {
        Here = 1,
        Gone = 2,
    }

    /// <summary>A part of a page, or all of it.</summary>
    /// <param name="Page">Which.</param>
    /// <param name="Offset">First byte.</param>
    /// <param name="Length">Bytes, at least 1.</param>
    public readonly record struct Stretch(KvPageReference Page, int Offset, int Length);

    public static void WriteGreeting(Span<byte> target, KvPoolId pool, KvTransferFormat format)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Magic);
        pool.Value.TryWriteBytes(target[8..24]);
        WriteFormat(target[24..], format);
    }

    /// <returns>Whether it is one, of whatever version.</returns>
    public static bool TryReadGreeting(ReadOnlySpan<byte> source, out KvPoolId pool, out KvTransferFormat format)
    {
        pool = new KvPoolId(new Guid(source[8..24]));
        format = ReadFormat(source[24..]);
        return BinaryPrimitives.ReadUInt64LittleEndian(source) == Magic;
    }

    public static void WriteAnswer(Span<byte> target, Answer answer, KvTransferFormat format)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, (int)answer);
        WriteFormat(target[4..], format);
    }

    public static (Answer Answer, KvTransferFormat Format) ReadAnswer(ReadOnlySpan<byte> source) =>
        ((Answer)BinaryPrimitives.ReadInt32LittleEndian(source), ReadFormat(source[4..]));

    public static void WriteStretch(Span<byte> target, Stretch stretch)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, stretch.Page.Page);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], stretch.Page.Generation);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], stretch.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], stretch.Length);
    }

    public static Stretch ReadStretch(ReadOnlySpan<byte> source) => new(
        new KvPageReference(BinaryPrimitives.ReadInt32LittleEndian(source), BinaryPrimitives.ReadInt32LittleEndian(source[4..])),
        BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
        BinaryPrimitives.ReadInt32LittleEndian(source[12..]));

    public static void WriteResponseHead(Span<byte> target, ResponseState state, int index)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, (int)state);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], index);
    }

    public static (ResponseState State, int Index) ReadResponseHead(ReadOnlySpan<byte> source) =>
        ((ResponseState)BinaryPrimitives.ReadInt32LittleEndian(source), BinaryPrimitives.ReadInt32LittleEndian(source[4..]));

    private static void WriteFormat(Span<byte> target, KvTransferFormat format)
    {
        var layout = format.Layout;
        ReadOnlySpan<int> fields = [format.Protocol, layout.Layers, layout.PageSizeTokens, layout.KvHeads, layout.HeadDim, (int)layout.Dtype];
        for (var i = 0; i < fields.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(target[(4 * i)..], fields[i]);
    }

    private static KvTransferFormat ReadFormat(ReadOnlySpan<byte> source)
    {
        Span<int> fields = stackalloc int[FormatBytes / 4];
        for (var i = 0; i < fields.Length; i++) fields[i] = BinaryPrimitives.ReadInt32LittleEndian(source[(4 * i)..]);
        // A dtype that there is not stays one that there is not.
        var dtype = fields[5] is >= 0 and <= byte.MaxValue ? (KvDtype)fields[5] : (KvDtype)byte.MaxValue;
        return new KvTransferFormat(fields[0], new KvPageLayout(fields[1], fields[2], fields[3], fields[4], dtype));
    }
}
