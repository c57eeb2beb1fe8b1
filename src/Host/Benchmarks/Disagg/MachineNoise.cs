using ActorInference.Gpu.Benchmarks;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>What the machine does to a thread that only reads memory, alone and while another processor computes: nothing of ours takes part, but for processes that have nothing to do.</summary>
internal static class MachineNoise
{
    private const long Bytes = 256L << 20;
    /// <param name="options">Says how many steps, and whether threads keep to their processors.</param>
    /// <param name="place">Processor of the other work, 0 or 1; the steps are on the other one. As with prompts and streams.</param>
    /// <param name="length">Of a step.</param>
    public static async Task<MachineResult> MeasureAsync(DisaggOptions options, int place, TimeSpan length, CancellationToken stop)
    {
        var steps = 1 - place;
        using var bare = new BareSteps(Bytes);
        var alone = new Sample(await OnThreadAsync(options, steps, () => bare.Measure(options.BareSteps, length, stop)));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var other = OnThreadAsync(options, place, () => BareSteps.Multiply(end.Token));
        var before = ProcessorTimes.Take([]);
        var beside = new Sample(await OnThreadAsync(options, steps, () => bare.Measure(options.BareSteps, length, stop)));
        var after = ProcessorTimes.Take([]);
        await end.CancelAsync();
        await other;
        return new MachineResult(
            alone.Median, alone.P99 / alone.Median, beside.Median, beside.P99 / beside.Median, after.StolenShareSince(before, options.Pinned ? steps : null));
    }

    private static Task<T> OnThreadAsync<T>(DisaggOptions options, int processor, Func<T> work) => Task.Factory.StartNew(
        () =>
        {
            if (options.Pinned) ProcessorAffinity.SetThread(processor);   // A thread of its own, which ends with this.
            return work();
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
