using System.Diagnostics;
using ActorInference.Actors.Kv;

namespace ActorInference.Bench.Cache;

/// <summary>Summing and copying pages, beside the system's memcpy of the same pages; from memory, and from the caches.</summary>
internal static class PageSumBenchmark
{
    private const int PageBytes = 64 << 10;
    private const int ColdPages = 4096;
    private const int WarmPages = 4;

    public static IEnumerable<Measurement> Run(int rounds)
    {
        var (source, target) = (new byte[ColdPages * PageBytes], new byte[ColdPages * PageBytes]);
        new Random(1).NextBytes(source);
        foreach (var (name, pages) in new[] { ("memory", ColdPages), ("cache", WarmPages) })
        {
            yield return Measure($"page_sum_{name}", rounds, pages, page => PageChecksum.Compute(Page(source, page)));
            yield return Measure($"page_copy_summed_{name}", rounds, pages, page => PageChecksum.Copy(Page(source, page), Page(target, page)));
            yield return Measure($"page_memcpy_{name}", rounds, pages, page =>
            {
                Page(source, page).CopyTo(Page(target, page));
                return 0;
            });
        }
    }

    private static Span<byte> Page(byte[] bytes, int page) => bytes.AsSpan(page * PageBytes, PageBytes);

    private static Measurement Measure(string name, int rounds, int pages, Func<int, uint> work)
    {
        var speeds = new double[rounds];
        for (var round = -1; round < rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < ColdPages; i++) work(i % pages);
            if (round >= 0) speeds[round] = (double)ColdPages * PageBytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
        }

        return Measurement.Of(name, "GB/s", speeds);
    }
}
