using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tests.Transfer;

public sealed class PageChecksumTests
{
    [Fact]
    public void Bytes_and_their_order_make_the_checksum()
    {
        var random = new Random(3);
        var bytes = new byte[4096 + 13];
        random.NextBytes(bytes);
        var original = PageChecksum.Compute(bytes);
        for (var round = 0; round < 2000; round++)
        {
            var changed = (byte[])bytes.Clone();
            if (round % 2 == 0) changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            else Swap(changed, 8 * random.Next(512), 8 * random.Next(512));
            if (changed.AsSpan().SequenceEqual(bytes)) continue;
            Assert.NotEqual(original, PageChecksum.Compute(changed));
        }

        Assert.Equal(original, PageChecksum.Compute((byte[])bytes.Clone()));
    }

    /// <summary>Part of the wire format: other versions compute the same.</summary>
    [Fact]
    public void The_checksum_of_known_bytes_stays()
    {
        byte[] bytes = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

        Assert.Equal(Reference(bytes), PageChecksum.Compute(bytes));
    }

    /// <summary>The definition, a bit at a time.</summary>
    private static uint Reference(byte[] bytes)
    {
        Span<uint> lanes = [uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue];
        var words = bytes.Length / 8;
        var full = words / 4 * 4;
        for (var i = 0; i < words; i++)
        {
            var lane = i < full ? i % 4 : 0;
            foreach (var value in bytes.AsSpan(8 * i, 8)) lanes[lane] = Next(lanes[lane], value);
        }

        foreach (var value in bytes.AsSpan(8 * words)) lanes[0] = Next(lanes[0], value);
        var mixed = 0UL;
        foreach (var lane in lanes)
        {
            mixed = unchecked((mixed ^ lane) * 0x9E3779B97F4A7C15);
            mixed ^= mixed >> 29;
        }

        return (uint)(mixed ^ (mixed >> 32));
    }

    private static uint Next(uint crc, byte value)
    {
        crc ^= value;
        for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        return crc;
    }

    private static void Swap(byte[] bytes, int a, int b)
    {
        for (var i = 0; i < 8; i++) (bytes[a + i], bytes[b + i]) = (bytes[b + i], bytes[a + i]);
    }
}
