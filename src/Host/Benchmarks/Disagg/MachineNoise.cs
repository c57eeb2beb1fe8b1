using ActorInference.Gpu.Benchmarks;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Benchmarks.Disagg;

/// <summary>What the machine does to a thread that only reads memory, alone and while another processor computes: nothing of ours takes part.</summary>
internal static class MachineNoise
{
    private const long Bytes = 256L << 20;
    private const int StepProcessor = 1;
    private const int OtherProcessor = 0;

    /// <param name="options">Says how many steps, and whether threads keep to their processors.</param>
    /// <param name="length">Of a step.</param>
    public static async Task<MachineResult> MeasureAsync(DisaggOptions options, TimeSpan length, CancellationToken stop)
    {
        using var bare = new BareSteps(Bytes);
        var alone = new Sample(await OnThreadAsync(options, StepProcessor, () => bare.Measure(options.BareSteps, length, stop)));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var other = OnThreadAsync(options, OtherProcessor, () => BareSteps.Multiply(end.Token));
        var before = ProcessorTimes.Take([]);
        var beside = new Sample(await OnThreadAsync(options, StepProcessor, () => bare.Measure(options.BareSteps, length, stop)));
        var after = ProcessorTimes.Take([]);
        await end.CancelAsync();
        await other;
        return new MachineResult(
            alone.Median, alone.P99 / alone.Median, beside.Median, beside.P99 / beside.Median, after.StolenShareSince(before, options.Pinned ? StepProcessor : null));
    }

    private static Task<T> OnThreadAsync<T>(DisaggOptions options, int processor, Func<T> work) => Task.Factory.StartNew(
        () =>
        {
            if (options.Pinned) ProcessorAffinity.SetThread(processor);   // A thread of its own, which ends with this.
            return work();
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
