using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Tests.Engine;

public sealed class StepCostModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void More_tokens_never_seem_to_cost_less(int seed)
    {
        var random = new Random(seed);
        var costs = new ChunkCosts(maxTokens: 300);
        for (var i = 0; i < 500; i++)
        {
            var tokens = random.Next(1, Math.Min(300, costs.MostToTry) + 1);
            costs.Learn(tokens, random.NextDouble() * 100 - 10, tolerance: 20);
            if (random.Next(10) == 0) costs.Lower(random.NextDouble() - 0.5, random.NextDouble() - 0.5);
            var all = Enumerable.Range(0, 400).Select(costs.At).ToList();
            for (var n = 1; n < all.Count; n++) Assert.True(all[n] >= all[n - 1] - 1e-9, $"seed {seed}, round {i}: {n - 1} tokens cost {all[n - 1]}, {n} cost {all[n]}");
            Assert.Equal(0, all[0]);
        }
    }

    [Fact]
    public void Costs_by_tiles_are_learned_as_they_are()
    {
        static double Seconds(int tokens) => (tokens + 3) / 4;
        var costs = new ChunkCosts(maxTokens: 64);
        for (var round = 0; round < 60; round++)
        {
            for (var tokens = 1; tokens <= Math.Min(16, costs.MostToTry); tokens++) costs.Learn(tokens, Seconds(tokens), tolerance: 1);
        }

        for (var tokens = 1; tokens <= 16; tokens++) Assert.InRange(costs.At(tokens), Seconds(tokens) * 0.9, Seconds(tokens) * 1.1);
        Assert.True(costs.IsKnown(16));
        Assert.False(costs.IsKnown(17));
        Assert.InRange(costs.At(32), 7.5, 8.5);   // As much each as 16 do.
    }

    [Theory]
    [InlineData(1, 50, 200)]    // It may have been a bad moment.
    [InlineData(6, 500, 2000)]
    public void What_seemed_too_dear_is_tried_again_the_later_the_oftener_it_did(int times, int soonest, int latest)
    {
        var costs = new ChunkCosts(maxTokens: 64);
        for (var tokens = 1; tokens <= 8; tokens++) costs.Learn(tokens, tokens, tolerance: 100);
        for (var i = 0; i < times; i++) costs.Learn(9, 100, tolerance: 100);
        Assert.InRange(costs.At(9), 50, 100);

        var steps = 0;
        for (; costs.At(9) > 15; steps++) costs.Learn(8, 8, tolerance: 100);

        Assert.InRange(steps, soonest, latest);
    }

    [Fact]
    public void A_moment_in_which_all_is_held_up_changes_little_of_what_is_known()
    {
        var costs = new ChunkCosts(maxTokens: 64);
        for (var round = 0; round < 4; round++)
        {
            for (var tokens = 1; tokens <= 8; tokens++) costs.Learn(tokens, tokens, tolerance: 1);
        }

        costs.Learn(8, 1000, tolerance: 1);

        Assert.InRange(costs.At(8), 8, 8.3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_99_of_a_hundred_kept_is_that_of_the_latest_256(int seed)
    {
        var random = new Random(seed);
        var overruns = new Overruns();
        List<double> all = [];
        Assert.Equal(1, overruns.Factor);
        for (var i = 0; i < 2000; i++)
        {
            // Coarse, so that many are alike.
            all.Add(Math.Round(0.5 + random.NextDouble(), 2));
            overruns.Add(all[^1]);
            var latest = all.TakeLast(256).Order().ToList();
            var expected = Math.Max(1, latest[(int)Math.Ceiling(0.99 * latest.Count) - 1]);
            Assert.True(overruns.Factor == expected, $"seed {seed}, {i}: {overruns.Factor}; expected {expected}");
        }
    }

    [Fact]
    public void What_attention_costs_is_told_apart_from_what_tokens_cost()
    {
        var cost = new StepCost(maxTokens: 64);
        for (var i = 0; i < 20; i++) cost.ObserveDecode(4, 0.040);
        for (var position = 0; position < 4000; position += 6)
        {
            var work = new StepWork(4, 0, 0).WithPrompt(6, position);
            cost.ObserveBeside(work, Seconds(work));
        }

        foreach (var position in (int[])[0, 2000, 4000, 8000])
        {
            var work = new StepWork(4, 0, 0).WithPrompt(6, position);
            Assert.InRange(cost.Seconds(work) / Seconds(work), 0.97, 1.03);
        }

        static double Seconds(StepWork work) => 0.040 + 0.003 * work.PromptTokens + 1e-6 * work.Attended;
    }
}
