using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Ranks;

/// <summary>All that a rank needs to take part in, besides the model.</summary>
/// <param name="Rank">Which it is to be, at least 1.</param>
/// <param name="Ranks">How many there are.</param>
/// <param name="GroupPath">The memory that they meet in.</param>
/// <param name="PoolPath">The pages; of a device, the name of this rank's part of them.</param>
/// <param name="PoolPages">How many.</param>
/// <param name="PageSizeTokens">Tokens of a page.</param>
/// <param name="KvDtype">Element type of the pages.</param>
/// <param name="Threads">Compute threads of the rank, where the processor computes.</param>
/// <param name="MaxBatchTokens">Tokens of a step at most.</param>
/// <param name="StepDeadline">How long it waits for another rank within a step.</param>
/// <param name="Device">Its CUDA device; null for the processor.</param>
public sealed record RankInvitation(
    int Rank,
    int Ranks,
    string GroupPath,
    string PoolPath,
    int PoolPages,
    int PageSizeTokens,
    KvDtype KvDtype,
    int Threads,
    int MaxBatchTokens,
    TimeSpan StepDeadline,
    int? Device = null)
{
    /// <exception cref="ArgumentException">Other processes cannot map the pool.</exception>
    internal static RankInvitation Of(int rank, int ranks, string groupPath, KvPagePool pool, CpuRunnerOptions options, TimeSpan stepDeadline) => new(
        rank, ranks, groupPath,
        pool.SharedPath ?? throw new ArgumentException("The pages are not in shared memory, so that other ranks cannot reach them.", nameof(pool)),
        pool.CapacityPages, pool.Layout.PageSizeTokens, pool.Layout.Dtype, options.Threads, options.MaxBatchTokens, stepDeadline);
}
