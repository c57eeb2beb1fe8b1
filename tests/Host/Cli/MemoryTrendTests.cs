using ActorInference.Host.Benchmarks.Soak;

namespace ActorInference.Host.Tests.Cli;

public sealed class MemoryTrendTests
{
    [Theory]
    [InlineData(new long[0], 0)]
    [InlineData(new long[] { 5 }, 0)]
    [InlineData(new long[] { 0, 900, 100, 100, 100, 100 }, 0)]        // It grew while it warmed up.
    [InlineData(new long[] { 9, 9, 9, 100, 107, 114, 121 }, 7)]
    [InlineData(new long[] { 0, 0, 0, 0, 60, 40, 20, 0 }, -20)]
    public void Growth_is_that_of_the_later_half(long[] bytes, double perStep) => Assert.Equal(perStep, MemoryTrend.PerStep(bytes), precision: 9);

    [Fact]
    public void What_goes_up_and_down_and_stays_is_nearly_level()
    {
        var random = new Random(1);

        var perStep = MemoryTrend.PerStep([.. Enumerable.Range(0, 2_000).Select(_ => 30_000_000L + random.Next(-1_000_000, 1_000_000))]);

        Assert.InRange(perStep, -300, 300);
    }
}
