using System.Diagnostics;
using ActorInference.Gpu.Workers;
using ActorInference.Host.Benchmarks.Disagg;

namespace ActorInference.Host.Tests.Benchmarks;

public sealed class DisaggFiguresTests
{
    [Fact]
    public void The_parts_of_a_first_tokens_time_are_those_of_its_own_steps()
    {
        // Of another prompt before, two of its own, one of decode, and one of another prompt after.
        StepSpan[] steps = [Step(0, 5, 0, 64), Step(12, 30, 0, 64), Step(31, 50, 0, 10), Step(53, 60, 1, 0), Step(70, 80, 0, 64)];

        var times = FirstTokenTimes.Of(new TimedAnswer(At(10), [At(52), At(63), At(70)]), steps);

        Assert.Equal((42, 11, 2, 37, 2), (times.FirstMs, times.SecondMs, times.DispatchMs, times.ComputeMs, times.HandoverMs));
        Assert.Equal(5, times.BeyondComputeMs);
        Assert.Throws<InvalidOperationException>(() => FirstTokenTimes.Of(new TimedAnswer(At(100), [At(110), At(120)]), steps));
    }

    [Fact]
    public async Task Times_between_tokens_are_those_within_a_window_and_within_a_sequence()
    {
        var stream = new StreamTimes();
        Assert.True(stream.MoreAsync(0).IsCompletedSuccessfully);
        stream.BeginAnew();
        var fourth = stream.MoreAsync(4);
        foreach (var at in new[] { 1, 2, 4 }) stream.Add(At(at));
        Assert.False(fourth.IsCompleted);
        stream.BeginAnew();
        foreach (var at in new[] { 10, 13, 17 }) stream.Add(At(at));
        await fourth.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal([1, 2, 3, 4], stream.Intervals(new Window(At(0), At(20))));
        Assert.Equal([2, 3], stream.Intervals(new Window(At(2), At(16))));
    }

    [Fact]
    public void A_sample_says_its_middle_its_ends_and_how_sure_the_middle_is()
    {
        var sample = new Sample(Enumerable.Range(1, 100).Select(i => (double)i).Reverse());

        Assert.Equal((50, 99, 100), (sample.Median, sample.P99, sample.Max));
        Assert.Equal(9.5, sample.MedianError);   // Of 100 values, from the 41st to the 60th.
        Assert.Null(new Sample([1, 2, 3, 4, 5]).MedianError);
        Assert.Equal((null, null, null), (new Sample([]).Median, new Sample([]).Max, new Sample([]).MedianError));
    }

    [Fact]
    public void Of_several_rounds_the_machine_is_told_by_its_medians()
    {
        var machine = MachineResult.Median([new MachineResult(10, 1.1, 11, 1.5, 0.1), new MachineResult(12, 1.3, 13, 1.2, null), new MachineResult(8, 1.2, 12, 1.4, null)]);

        Assert.Equal(new MachineResult(10, 1.2, 12, 1.4, 0.1), machine);
    }

    [SkippableFact]
    public void What_the_system_counts_of_this_process_is_found()
    {
        Skip.IfNot(File.Exists("/proc/self/schedstat"), "this system does not count what threads wait");
        var before = ProcessorTimes.Take([Environment.ProcessId]);
        var until = Stopwatch.StartNew();
        while (until.ElapsedMilliseconds < 30) Thread.SpinWait(1000);   // Something to count: ticks are of 10 ms.

        var after = ProcessorTimes.Take([Environment.ProcessId]);

        Assert.InRange(after.WaitedShareSince(before) ?? -1, 0, 1);
        Assert.InRange(after.StolenShareSince(before, null) ?? 0, 0, 1);
        Assert.Null(after.StolenShareSince(before, processor: 100_000));
    }

    private static StepSpan Step(int began, int computed, int decode, int prefill) => new(At(began), At(computed), At(computed), decode, prefill);

    private static long At(int milliseconds) => 1_000_000_000_000 + milliseconds * Stopwatch.Frequency / 1000;
}
