using System.Numerics;
using System.Runtime.InteropServices;

namespace ActorInference.Actors.Kv;

/// <summary>
/// The checksum of a page that leaves its process: CRC-32C in four lanes, word i of 64 bits in lane i mod 4, mixed
/// into one. Four lanes because the instruction takes three cycles but can begin each cycle. Byte layout: docs/formats/kv-transfer.md.
/// </summary>
public static class PageChecksum
{
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        uint a = uint.MaxValue, b = uint.MaxValue, c = uint.MaxValue, d = uint.MaxValue;
        var i = 0;
        for (; i + 4 <= words.Length; i += 4)
        {
            a = BitOperations.Crc32C(a, Word(words[i]));
            b = BitOperations.Crc32C(b, Word(words[i + 1]));
            c = BitOperations.Crc32C(c, Word(words[i + 2]));
            d = BitOperations.Crc32C(d, Word(words[i + 3]));
        }

        for (; i < words.Length; i++) a = BitOperations.Crc32C(a, Word(words[i]));
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..]) a = BitOperations.Crc32C(a, rest);
        var mixed = Mix(Mix(Mix(Mix(0, a), b), c), d);
        return (uint)(mixed ^ (mixed >> 32));
    }

    // Not a CRC of the lanes: that is linear, and words moved between lanes and rows by the right distance would cancel out.
    private static ulong Mix(ulong mixed, uint lane)
    {
        mixed = (mixed ^ lane) * 0x9E3779B97F4A7C15;
        return mixed ^ (mixed >> 29);
    }

    // Pages are little-endian wherever they are made.
    private static ulong Word(ulong value) => BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
}
