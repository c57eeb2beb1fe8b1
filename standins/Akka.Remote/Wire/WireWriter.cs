using System.Buffers.Binary;
using System.Text;

namespace Akka.Remote.Wire;

/// <summary>A growing buffer that values are appended to. Integers are little-endian or LEB128; a string is its UTF-8 length and bytes.</summary>
internal sealed class WireWriter(int capacity = 64)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public byte[] ToArray() => Written.ToArray();

    public WireWriter Byte(byte value)
    {
        Ensure(1);
        _bytes[Length++] = value;
        return this;
    }

    public WireWriter Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public WireWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Ensure(4), value);
        Length += 4;
        return this;
    }

    public WireWriter VarUInt(ulong value)
    {
        var span = Ensure(10);
        var i = 0;
        for (; value >= 0x80; value >>= 7) span[i++] = (byte)(value | 0x80);
        span[i++] = (byte)value;
        Length += i;
        return this;
    }

    /// <summary>Small magnitudes of either sign stay short.</summary>
    public WireWriter VarInt(long value) => VarUInt((ulong)((value << 1) ^ (value >> 63)));

    public WireWriter Text(string value)
    {
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (most < 0x80)
        {
            var span = Ensure(most + 1);
            var written = Encoding.UTF8.GetBytes(value, span[1..]);
            span[0] = (byte)written;
            Length += written + 1;
            return this;
        }

        VarUInt((ulong)Encoding.UTF8.GetByteCount(value));
        Length += Encoding.UTF8.GetBytes(value, Ensure(most));
        return this;
    }

    public WireWriter OptionalText(string value) => value is null ? Bool(false) : Bool(true).Text(value);

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        VarUInt((ulong)value.Length);
        value.CopyTo(Ensure(value.Length));
        Length += value.Length;
        return this;
    }

    private Span<byte> Ensure(int more)
    {
        if (_bytes.Length - Length < more) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + more));
        return _bytes.AsSpan(Length);
    }
}
