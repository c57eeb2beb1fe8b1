using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Benchmarks;

/// <summary>
/// How fast pages get from one process to another, beside what the machine can do in the same run: copying memory, and plain sockets
/// between the same two processes. This one receives; <see cref="TransferBenchmarkPeer"/> sends.
/// </summary>
public static class TransferBenchmark
{
    /// <param name="options">Checked by the caller.</param>
    /// <param name="createPool">A pool of a layout and a number of pages; the flag says whether other processes are to map it.</param>
    /// <exception cref="Transfer.TransferException">A transfer failed.</exception>
    /// <exception cref="IOException">The second process ended, or said nothing.</exception>
    public static async Task<IReadOnlyList<TransferBenchmarkResult>> RunAsync<TPool>(
        TransferBenchmarkOptions options, Func<KvPageLayout, int, bool, TPool> createPool, CancellationToken cancellationToken)
        where TPool : IPageMemory, IDisposable
    {
        List<TransferBenchmarkResult> results = [];
        CpuCount.MeasureSecondsPerByte();   // For its code to be compiled.
        var secondsPerByte = CpuCount.MeasureSecondsPerByte();
        foreach (var pageBytes in options.PageBytes)
        {
            using var pool = createPool(TransferBenchmarkPeer.Layout(pageBytes), (int)(options.Bytes / pageBytes), false);
            var pages = new int[pool.CapacityPages];
            pool.TryAllocate(pages);
            using var peer = new BenchmarkPeerProcess(options.StartPeer(pageBytes, options.Bytes), pool, pages);
            await using var ways = new BenchmarkWays(options.Transports, peer, pool, pages);
            // Once for the code to be compiled and the memory to be there, unmeasured.
            for (var round = 0; round <= options.Rounds; round++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await ways.RunRoundAsync(measured: round > 0, cancellationToken).ConfigureAwait(false);
            }

            results.AddRange(ways.Results(secondsPerByte));
        }

        return [.. options.Transports.SelectMany(transport => results.Where(result => result.Transport == transport))];
    }
}
