using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Tests.Engine;

public sealed class EngineWarmUpTests
{
    [Theory]
    [InlineData(64, 32)]
    [InlineData(2, 32)]
    [InlineData(1, 1)]
    public void It_computes_and_leaves_no_page_behind(int pages, int promptTokens)
    {
        using var pool = ScriptedRunner.Pool(pages);
        var (batches, longest) = (0, 0);
        var runner = new ScriptedRunner(pool)
        {
            BeforeForward = batch =>
            {
                batches++;
                longest = Math.Max(longest, batch.TokenCount);
            },
        };

        var pace = EngineWarmUp.Run(runner, promptTokens);

        Assert.Equal(batches > 0, pace > 0);
        Assert.Equal(0, pool.UsedPages);
        Assert.Equal(pages > 1 || promptTokens > 1, batches > 1);
        Assert.InRange(longest, 0, promptTokens);
    }

    [Fact]
    public void A_model_that_cannot_compute_is_told_and_leaves_no_page_behind()
    {
        using var pool = ScriptedRunner.Pool(64);
        var runner = new ScriptedRunner(pool) { BeforeForward = _ => throw new InvalidOperationException("no device") };

        Assert.Equal("no device", Assert.Throws<InvalidOperationException>(() => EngineWarmUp.Run(runner, 8)).Message);
        Assert.Equal(0, pool.UsedPages);
    }
}
