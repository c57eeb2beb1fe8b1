using System.Buffers.Binary;
using System.Text;

namespace Akka.Remote.Wire;

/// <summary>Reads what <see cref="WireWriter"/> wrote, from bytes that nobody vouches for.</summary>
/// <remarks>Every method throws <see cref="WireFormatException"/> if the bytes end early or do not fit the format.</remarks>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte Byte() => Take(1)[0];

    public bool Bool() => Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw new WireFormatException($"A flag is {other}; it must be 0 or 1."),
    };

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong VarUInt()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            if (shift == 63 && next > 1) break;
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }

        throw new WireFormatException("A number has more than 64 bits.");
    }

    public long VarInt()
    {
        var value = VarUInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int Int32()
    {
        var value = VarInt();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new WireFormatException($"{value} does not fit 32 bits.");
    }

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public string OptionalText() => Bool() ? Text() : null;

    public ReadOnlySpan<byte> Bytes()
    {
        var length = VarUInt();
        if (length > (ulong)_rest.Length) throw new WireFormatException($"A field of {length} bytes begins {_rest.Length} bytes before the end.");
        return Take((int)length);
    }

    public readonly void End()
    {
        if (!_rest.IsEmpty) throw new WireFormatException($"{_rest.Length} bytes are left over.");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length) throw new WireFormatException($"{count} bytes are expected {_rest.Length} bytes before the end.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
