using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Workers;
using ActorInference.Roles.Configuration;

namespace ActorInference.Roles.Composition;

/// <summary>The prefix caches of one process, whose workers share a page pool.</summary>
public static class PrefixCaches
{
    private const int WarmUpPages = 4;
    private const string WarmUpPolicy = "lru";

    /// <summary>Makes one worker's cache.</summary>
    /// <param name="runner">The worker's.</param>
    /// <param name="workers">Workers of its role in this process; they divide the share.</param>
    /// <param name="shares">The sum of the shares of all roles in this process.</param>
    /// <param name="host">Where pages may go that the cache gives up; null for nowhere.</param>
    /// <param name="watcher">Told of each page that comes or goes; null for nobody.</param>
    /// <returns>Null where there is no room for one.</returns>
    public static IPrefixCache? Create(
        IModelRunner runner, PrefixCacheSettings settings, int workers, double shares, HostPool? host = null, IPrefixWatcher? watcher = null)
    {
        var capacity = CapacityPages(runner, settings, workers, shares);
        if (capacity == 0) return null;
        var options = new RadixTreeOptions { PageSizeTokens = runner.Pages.Layout.PageSizeTokens, CapacityPages = capacity, Watcher = watcher };
        IPageReferences pages = host is null ? runner.Pages : new DemotingReferences(runner.Pages, host);
        return new RadixTree(options, pages, EvictionPolicies.Create(settings.Policy));
    }

    /// <summary>A cache and a host pool of a few pages, for a worker's warm-up.</summary>
    public static WarmUpTiers CreateForWarmUp(IModelRunner runner)
    {
        var layout = runner.Pages.Layout;
        var host = new HostPool(new HostMemory(layout, WarmUpPages), EvictionPolicies.Create(WarmUpPolicy), TierWritePolicy.WriteThrough, TimeProvider.System);
        var options = new RadixTreeOptions { PageSizeTokens = layout.PageSizeTokens, CapacityPages = WarmUpPages };
        return new WarmUpTiers(new RadixTree(options, runner.Pages, EvictionPolicies.Create(WarmUpPolicy)), host, host);
    }

    /// <summary>
    /// Pages of one worker's cache. The longest sequence has to fit beside all caches of a pool, since a worker cannot evict
    /// what another one keeps.
    /// </summary>
    public static int CapacityPages(IModelRunner runner, PrefixCacheSettings settings, int workers, double shares)
    {
        if (settings.Share <= 0) return 0;
        var wanted = (int)(settings.Share * runner.Pages.CapacityPages);
        var part = (int)(BesideLongest(runner) * settings.Share / shares);
        return Math.Min(wanted, part) / workers;
    }

    /// <summary>
    /// Pages that prefill jobs may hold before a decode worker has granted room. Beside them, and beside the caches that it
    /// cannot evict itself, a worker must have room for the longest sequence, or each would wait for the other.
    /// </summary>
    /// <param name="runner">The worker's.</param>
    /// <param name="shares">The sum of the shares of all roles in this process; 0 for a worker that has its pool alone, and can evict all that is cached.</param>
    public static int AheadPages(IModelRunner runner, double shares)
    {
        var cached = (int)Math.Min(shares * runner.Pages.CapacityPages, BesideLongest(runner));
        return Math.Min(runner.Pages.CapacityPages / 4, BesideLongest(runner) - cached);
    }

    private static int BesideLongest(IModelRunner runner)
    {
        var pool = runner.Pages;
        return pool.CapacityPages - Math.Min(pool.CapacityPages, pool.Layout.PagesFor(runner.MaxContextTokens));
    }
}
