using ActorInference.Gpu.Sampling;

namespace ActorInference.Gpu.Tests.Sampling;

public sealed class CounterRandomTests
{
    [Fact]
    public void A_draw_depends_on_seed_and_counter_alone()
    {
        var forward = Enumerable.Range(0, 100).Select(n => CounterRandom.UnitInterval(7, n)).ToArray();
        var backward = Enumerable.Range(0, 100).Reverse().Select(n => CounterRandom.UnitInterval(7, n)).Reverse().ToArray();

        Assert.Equal(forward, backward);
        Assert.Equal(100, forward.Distinct().Count());
    }

    [Fact]
    public void The_stream_never_changes()
    {
        // Generations are resumed across versions, so these values are frozen.
        Assert.Equal(0.6524484863740322, CounterRandom.UnitInterval(0, 0), 15);
        Assert.Equal(0.9435642308648544, CounterRandom.UnitInterval(1, 1), 15);
        Assert.Equal(0.1450707396536649, CounterRandom.UnitInterval(ulong.MaxValue, 12_345), 15);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(0x9E3779B97F4A7C15UL)]
    [InlineData(ulong.MaxValue)]
    public void Draws_are_uniform(ulong seed)
    {
        const int Draws = 100_000;
        var counts = new int[100];
        for (var n = 0; n < Draws; n++) counts[(int)(CounterRandom.UnitInterval(seed, n) * 100)]++;

        var chiSquare = counts.Sum(count => Math.Pow(count - Draws / 100.0, 2) / (Draws / 100.0));

        // 99 degrees of freedom: below 50 or above 170 about once in 100,000 tries.
        Assert.True(chiSquare is > 50 and < 170, $"seed {seed}: chi-square {chiSquare}");
    }

    [Fact]
    public void Neighbouring_seeds_are_unrelated()
    {
        const int Draws = 20_000;
        var (sumX, sumY, sumXy) = (0.0, 0.0, 0.0);
        for (var n = 0; n < Draws; n++)
        {
            var (x, y) = (CounterRandom.UnitInterval(5, n) - 0.5, CounterRandom.UnitInterval(6, n) - 0.5);
            (sumX, sumY, sumXy) = (sumX + x, sumY + y, sumXy + x * y);
        }

        Assert.InRange(12 * sumXy / Draws, -0.04, 0.04);
    }
}
