using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Reads the head of a GGUF file, little-endian, and never past its end.</summary>
internal ref struct GgufCursor(string path, ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => _bytes.Length - Position;

    public T Read<T>(string field)
        where T : unmanaged
    {
        var value = Take(Unsafe.SizeOf<T>(), field);
        if (BitConverter.IsLittleEndian) return MemoryMarshal.Read<T>(value);
        Span<byte> reversed = stackalloc byte[Unsafe.SizeOf<T>()];
        value.CopyTo(reversed);
        reversed.Reverse();
        return MemoryMarshal.Read<T>(reversed);
    }

    public uint U32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), field));

    public ulong U64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), field));

    /// <summary>A count of things of which each takes some bytes, so that a file can't ask for more memory than it is long.</summary>
    public int Count(string field, int leastBytes)
    {
        var count = U64(field);
        if (count > (ulong)(Remaining / leastBytes))
            throw new ModelFormatException(path, field, $"{count}", $"at most {Remaining / leastBytes}, as {Remaining} bytes follow; the file is truncated or broken");
        return (int)count;
    }

    public string Text(string field)
    {
        var length = Count($"length of {field}", 1);
        var utf8 = Take(length, field);
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException cause)
        {
            throw new ModelFormatException(path, field, "not UTF-8", "a text in UTF-8", cause);
        }
    }

    private ReadOnlySpan<byte> Take(int count, string field)
    {
        if (count > Remaining) throw new ModelFormatException(path, field, $"cut off after {Remaining} bytes", $"{count} bytes; the file is truncated");
        var taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }
}
