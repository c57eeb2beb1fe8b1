using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using ActorInference.Roles.Configuration;

namespace ActorInference.Roles.Composition;

/// <summary>The prefix caches of one process, whose workers share a page pool.</summary>
public static class PrefixCaches
{
    /// <summary>Makes one worker's cache.</summary>
    /// <param name="runner">The worker's.</param>
    /// <param name="workers">Workers of its role in this process; they divide the share.</param>
    /// <param name="host">Where pages may go that the cache gives up; null for nowhere.</param>
    /// <returns>Null where there is no room for one.</returns>
    public static IPrefixCache? Create(IModelRunner runner, PrefixCacheSettings settings, int workers, HostPool? host = null)
    {
        var capacity = CapacityPages(runner, settings, workers);
        if (capacity == 0) return null;
        var options = new RadixTreeOptions { PageSizeTokens = runner.Pages.Layout.PageSizeTokens, CapacityPages = capacity };
        IPageReferences pages = host is null ? runner.Pages : new DemotingReferences(runner.Pages, host);
        return new RadixTree(options, pages, EvictionPolicies.Create(settings.Policy));
    }

    /// <summary>
    /// Pages of one worker's cache. The longest sequence has to fit beside all caches of a pool, since a worker cannot evict
    /// what another one keeps.
    /// </summary>
    public static int CapacityPages(IModelRunner runner, PrefixCacheSettings settings, int workers)
    {
        var pool = runner.Pages;
        var longest = Math.Min(pool.CapacityPages, pool.Layout.PagesFor(runner.MaxContextTokens));
        var wanted = (int)(settings.Share * pool.CapacityPages);
        return Math.Min(wanted, pool.CapacityPages - longest) / workers;
    }
}
