using System.Buffers.Binary;
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
        bytes.AsSpan(1024, 1024).Clear();   // Real pages have stretches of zeros.
        var original = PageChecksum.Compute(bytes);
        for (var round = 0; round < 4000; round++)
        {
            var changed = (byte[])bytes.Clone();
            if (round % 4 == 0) changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            else if (round % 4 == 1) Swap(changed, 8 * random.Next(512), 8 * random.Next(512));
            else if (round % 4 == 2) Swap(changed, 128 * random.Next(32), 128 * random.Next(32), 128);
            else Shift(changed, random.Next(3000), random.Next(1, 64));
            if (changed.AsSpan().SequenceEqual(bytes)) continue;
            Assert.NotEqual(original, PageChecksum.Compute(changed));
        }

        Assert.Equal(original, PageChecksum.Compute((byte[])bytes.Clone()));
    }

    [Fact]
    public void Pages_of_one_value_differ_by_value_and_by_length()
    {
        var seen = new HashSet<uint>();
        foreach (var value in new byte[] { 0, 1, 0x80, 0xFF })
        {
            for (var length = 0; length <= 1024; length += 32) Assert.True(seen.Add(PageChecksum.Compute(Enumerable.Repeat(value, length).ToArray())) || length == 0);
        }
    }

    /// <summary>Part of the wire format: other versions and other machines compute the same.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(128)]
    [InlineData(4096)]
    [InlineData(70_001)]
    public void The_checksum_is_that_of_its_definition(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        Assert.Equal(Reference(bytes), PageChecksum.Compute(bytes));
    }

    [Fact]
    public void The_checksum_of_known_bytes_stays() =>
        Assert.Equal(3_530_240_998u, PageChecksum.Compute([.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))]));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Copying_sums_what_it_writes_wherever_it_writes(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var (source, target) = (new byte[random.Next(20_000)], new byte[20_100]);
            random.NextBytes(source);
            var place = target.AsSpan(random.Next(64), source.Length);

            Assert.Equal(PageChecksum.Compute(source), PageChecksum.Copy(source, place));
            Assert.True(place.SequenceEqual(source), $"Seed {seed}, round {round}: the copy differs.");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Stretches_in_any_order_add_up_to_the_page(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var page = new byte[random.Next(1, 30_000)];
            random.NextBytes(page);
            var sums = default(PageSums);
            int[] cuts = [0, .. Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(page.Length / 128 + 1) * 128).Order(), page.Length];
            foreach (var i in Enumerable.Range(0, cuts.Length - 1).OrderBy(_ => random.Next()))
            {
                var stretch = default(PageSums);
                stretch.Add(page.AsSpan(cuts[i]..cuts[i + 1]), cuts[i]);
                sums.Join(stretch);
            }

            Assert.True(PageChecksum.Compute(page) == sums.Finish(page.Length), $"Seed {seed}, round {round}: cuts at {string.Join(' ', cuts)}.");
        }
    }

    [Fact]
    public void The_plain_loop_gives_what_the_wide_one_does()
    {
        var bytes = new byte[128 * 77];
        new Random(9).NextBytes(bytes);
        var (wide, plain) = (new ulong[16], new ulong[16]);
        unsafe
        {
            fixed (byte* source = bytes)
            fixed (ulong* first = wide, second = plain)
            {
                PageRows.Add(source, bytes.Length, 5, first);
                PageRows.AddPlainly(source, bytes.Length, 5, second);
            }
        }

        Assert.Equal(plain, wide);
    }

    /// <summary>The definition of docs/formats/kv-transfer.md, word for word.</summary>
    private static uint Reference(byte[] bytes)
    {
        ulong[] first = [0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63];
        var sums = new ulong[16];
        var padded = new byte[(bytes.Length + 127) / 128 * 128];
        bytes.CopyTo(padded, 0);
        unchecked
        {
            for (var i = 0; i < padded.Length / 8; i++)
            {
                var word = BinaryPrimitives.ReadUInt64LittleEndian(padded.AsSpan(8 * i));
                var keyed = word ^ (first[i % 4] + (ulong)(i / 16) * 0xD6E8FEB96659FD93);
                sums[i % 16 ^ 1] += word;
                sums[i % 16] += (keyed & 0xFFFFFFFF) * (keyed >> 32);
            }

            var mixed = (ulong)bytes.Length;
            foreach (var sum in sums)
            {
                mixed = (mixed ^ sum) * 0x9E3779B97F4A7C15;
                mixed ^= mixed >> 29;
            }

            return (uint)(mixed ^ (mixed >> 32));
        }
    }

    private static void Swap(byte[] bytes, int a, int b, int count = 8)
    {
        for (var i = 0; i < count; i++) (bytes[a + i], bytes[b + i]) = (bytes[b + i], bytes[a + i]);
    }

    private static void Shift(byte[] bytes, int from, int by) => bytes.AsSpan(from, 500).ToArray().CopyTo(bytes, from + by);
}
