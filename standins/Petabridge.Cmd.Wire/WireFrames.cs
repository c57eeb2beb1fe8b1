using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Petabridge.Cmd.Wire;

/// <summary>
/// The frames of a console connection: 4 bytes of length, most significant first, then that many bytes of JSON. Before the
/// first frame each side sends <see cref="Magic"/>, so that neither waits for the other to understand it.
/// </summary>
public static class WireFrames
{
    /// <summary>Largest frame that a client may send.</summary>
    public const int MaxRequestBytes = 64 << 10;

    /// <summary>Largest frame that a server may send.</summary>
    public const int MaxReplyBytes = 4 << 20;

    private const int LengthBytes = 4;

    /// <summary>First bytes of each direction; the digit is the protocol's version.</summary>
    public static ReadOnlySpan<byte> Magic => "AICMD/1\n"u8;

    public static byte[] Encode<T>(T message, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        var frame = new byte[LengthBytes + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, json.Length);
        json.CopyTo(frame, LengthBytes);
        return frame;
    }

    /// <summary>Reads the other side's first bytes.</summary>
    /// <exception cref="WireException">They are others.</exception>
    public static async Task ReadMagicAsync(Stream stream, CancellationToken cancellationToken)
    {
        var given = new byte[Magic.Length];
        var count = await stream.ReadAtLeastAsync(given, given.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (!given.AsSpan(0, count).SequenceEqual(Magic)) throw new WireException("The other side does not speak this console's protocol.");
    }

    /// <summary>Reads one frame; default if the other side has ended the connection between two.</summary>
    /// <exception cref="WireException">It is longer than <paramref name="maxBytes"/>, cut off, or no such message.</exception>
    public static async Task<T?> ReadAsync<T>(Stream stream, int maxBytes, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var header = new byte[LengthBytes];
        var count = await stream.ReadAtLeastAsync(header, LengthBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (count == 0) return null;
        if (count < LengthBytes) throw new WireException("The connection ended in the middle of a frame.");
        var length = BinaryPrimitives.ReadInt32BigEndian(header);
        if (length < 1 || length > maxBytes) throw new WireException($"A frame has {(uint)length} bytes; expected 1 to {maxBytes}.");
        var json = new byte[length];
        if (await stream.ReadAtLeastAsync(json, length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < length)
            throw new WireException("The connection ended in the middle of a frame.");
        return Parse(json, type);
    }

    private static T Parse<T>(byte[] json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new WireException("A frame holds null.");
        }
        catch (JsonException e)
        {
            throw new WireException($"A frame does not hold the message expected: {e.Message}", e);
        }
    }
}

/// <summary>The other side broke the protocol; the connection is of no further use.</summary>
public sealed class WireException(string message, Exception? cause = null) : Exception(message, cause);
