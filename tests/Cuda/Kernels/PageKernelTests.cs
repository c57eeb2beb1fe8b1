using ActorInference.Actors.Kv;
using ActorInference.Cuda.Tests.Testing;

namespace ActorInference.Cuda.Tests.Kernels;

/// <summary>Pages to and from a buffer, and their checksums, which are those of the host.</summary>
public sealed class PageKernelTests
{
    [SkippableTheory]
    [InlineData(128)]
    [InlineData(128 * 37)]
    [InlineData(128 * 1024)]
    public void Pages_come_back_as_they_went_and_sum_up_alike(int pageBytes)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        var pool = new byte[5 * pageBytes];
        new Random(pageBytes).NextBytes(pool);
        var (poolAt, pages, words) = (memory.Put<byte>(pool), memory.Put(3, 0, 4), pageBytes / 16);
        ulong buffer = memory.New(3 * pageBytes), other = memory.Put<byte>(new byte[5 * pageBytes]), sums = memory.New(3 * 16 * 8);
        memory.Launch.With(buffer).With(poolAt).With(pages).With(words).With((long)pageBytes).Run(memory.Kernel("pages.cu", "gather_pages"), 4, 3, 1, 256);
        memory.Launch.With(other).With(buffer).With(pages).With(words).With((long)pageBytes).Run(memory.Kernel("pages.cu", "scatter_pages"), 4, 3, 1, 256);
        memory.Launch.With(sums).With(poolAt).With(pages).With(pageBytes / 128).With((long)pageBytes).Run(memory.Kernel("pages.cu", "page_sums"), 3, 1, 1, 256);

        var (there, lanes) = (memory.Get<byte>(other, 5 * pageBytes), memory.Get<ulong>(sums, 3 * 16));
        int[] moved = [3, 0, 4];
        for (var page = 0; page < 5; page++)
        {
            var original = pool.AsSpan(page * pageBytes, pageBytes);
            Assert.True(there.AsSpan(page * pageBytes, pageBytes).SequenceEqual(Array.IndexOf(moved, page) >= 0 ? original : new byte[pageBytes]), $"page {page}");
        }

        for (var i = 0; i < moved.Length; i++)
            Assert.Equal(PageChecksum.Compute(pool.AsSpan(moved[i] * pageBytes, pageBytes)), Finish(lanes.AsSpan(16 * i, 16), pageBytes));
    }

    /// <summary>As docs/formats/kv-transfer.md joins the 16 sums.</summary>
    private static uint Finish(ReadOnlySpan<ulong> lanes, int pageBytes)
    {
        var mixed = (ulong)pageBytes;
        foreach (var lane in lanes)
        {
            mixed = (mixed ^ lane) * 0x9E3779B97F4A7C15;
            mixed ^= mixed >> 29;
        }

        return (uint)(mixed ^ (mixed >> 32));
    }
}
