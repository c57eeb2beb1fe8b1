using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ActorInference.Actors.Kv;

/// <summary>
/// Names the content of one KV page among all workers: 128 bits of a SHA-256 chain over the namespace, the page before
/// it and its token ids. Byte layout: docs/formats/kv-page-key.md. The default value is "no page before".
/// </summary>
/// <remarks>
/// Cryptographic, because a prompt is the user's to choose: with a fast hash somebody could craft one whose pages bear
/// the key of somebody else's.
/// </remarks>
public readonly record struct KvPageKey(ulong High, ulong Low)
{
    public const int SizeBytes = 16;

    private const int StackBytes = 1024;

    private static ReadOnlySpan<byte> Tag => "AIKVPG1\0"u8;

    /// <summary>The key of one page.</summary>
    /// <param name="previous">Key of the page before it; default for the first page.</param>
    /// <param name="tokens">Token ids of the page. Shape <c>[pageSize]</c>, at least 1.</param>
    public static KvPageKey Of(KvNamespaceId space, KvPageKey previous, ReadOnlySpan<int> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tokens.Length);
        var size = Tag.Length + 2 * SizeBytes + tokens.Length * sizeof(int);
        var rented = size <= StackBytes ? null : ArrayPool<byte>.Shared.Rent(size);
        var bytes = rented is null ? stackalloc byte[size] : rented.AsSpan(0, size);

        Tag.CopyTo(bytes);
        var rest = bytes[Tag.Length..];
        BinaryPrimitives.WriteUInt64BigEndian(rest, space.High);
        BinaryPrimitives.WriteUInt64BigEndian(rest[8..], space.Low);
        previous.WriteTo(rest[16..]);
        WriteTokens(tokens, rest[32..]);

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return Read(digest);
    }

    /// <summary>The keys of the full pages of a sequence that starts at its first token.</summary>
    /// <param name="tokens">Token ids from the start. A tail that fills no page is left out.</param>
    /// <param name="pageSizeTokens">Tokens in a page, at least 1.</param>
    /// <param name="keys">Filled. Shape <c>[tokens / pageSize]</c> or longer.</param>
    /// <returns>Number of keys written.</returns>
    /// <exception cref="ArgumentException"><paramref name="keys"/> is too short; nothing is written.</exception>
    public static int Chain(KvNamespaceId space, ReadOnlySpan<int> tokens, int pageSizeTokens, Span<KvPageKey> keys)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSizeTokens);
        var count = tokens.Length / pageSizeTokens;
        if (keys.Length < count) throw new ArgumentException($"There is room for {keys.Length} keys; the tokens fill {count} pages.", nameof(keys));

        KvPageKey key = default;
        for (var i = 0; i < count; i++) keys[i] = key = Of(space, key, tokens.Slice(i * pageSizeTokens, pageSizeTokens));
        return count;
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote: 16 bytes, first byte highest.</summary>
    public static KvPageKey Read(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]));

    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    public override string ToString() => $"{High:x16}{Low:x16}";

    private static void WriteTokens(ReadOnlySpan<int> tokens, Span<byte> destination)
    {
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(tokens).CopyTo(destination);
            return;
        }

        for (var i = 0; i < tokens.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(destination[(i * sizeof(int))..], tokens[i]);
    }
}
