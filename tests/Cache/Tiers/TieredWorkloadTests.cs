namespace ActorInference.Cache.Tests.Tiers;

/// <summary>
/// Ten thousand requests of conversations with forks, edits, salts, cancellations and too few pages, through device, host
/// and storage with their faults: each says what the model says without any cache, and no page is lost in any pool.
/// </summary>
public sealed class TieredWorkloadTests
{
    private const int Runs = 170;

    [Fact]
    public async Task Outputs_are_the_models_through_every_tier_and_no_page_is_lost()
    {
        var (host, storage, rotten) = (0L, 0L, 0L);
        for (var seed = 1; seed <= Runs; seed++)
        {
            try
            {
                var run = new TieredRun(seed);
                await run.PlayAsync();
                host += run.HostTokens;
                storage += run.StorageTokens;
                rotten += run.Rotten;
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }
        }

        Assert.True(host > 10_000, $"Only {host} tokens were found in host memory.");
        Assert.True(storage > 0, $"Only {storage} tokens were found in storage.");
        Assert.True(rotten > 0, $"Only {rotten} pages were rotten.");
    }
}
