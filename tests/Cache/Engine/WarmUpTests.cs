using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Engine;

/// <summary>What a worker does with its tiers before its first prompt.</summary>
public sealed class WarmUpTests
{
    private const int PageSize = 4;

    [Fact]
    public void A_warm_up_finds_its_prompt_in_the_cache_and_in_the_tier_and_leaves_no_page_behind()
    {
        using var pool = ScriptedRunner.Pool(16, PageSize);
        using var host = new HostPool(new HostMemory(pool.Layout, capacityPages: 4), EvictionPolicies.Create("lru"), TierWritePolicy.WriteThrough, TimeProvider.System);
        var tree = new RadixTree(new RadixTreeOptions { PageSizeTokens = PageSize, CapacityPages = 4 }, pool, EvictionPolicies.Create("lru"));
        var computed = 0;
        using var runner = new ScriptedRunner(pool) { BeforeForward = batch => computed += batch.TokenCount };

        EngineWarmUp.RunCached(runner, tree, host);

        // Of two pages and a token all are computed once, and then three times the last.
        Assert.Equal(2 * PageSize + 1 + 3, computed);
        Assert.Equal(2 * 2, host.Counts.Loaded);
        Assert.Equal(0, pool.UsedPages);
        host.CheckInvariants();
    }
}
