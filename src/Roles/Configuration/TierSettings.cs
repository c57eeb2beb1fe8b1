using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;

namespace ActorInference.Roles.Configuration;

/// <summary>The tiers beyond the device's pool.</summary>
/// <param name="HostRatio">Size of the host pool, in device pools; 0 is none.</param>
/// <param name="HostSizePages">Its size in pages, if not 0; then the ratio does not count.</param>
/// <param name="HostPath">File to keep it in; null for memory.</param>
/// <param name="HostPolicy">One of <see cref="EvictionPolicies.Names"/>.</param>
/// <param name="Write">When pages are copied to it.</param>
/// <param name="Storage">How the storage tier is used, if there is one.</param>
public sealed record TierSettings(
    double HostRatio, int HostSizePages, string? HostPath, string HostPolicy, TierWritePolicy Write, StorageTierOptions Storage)
{
    private static readonly string[] WritePolicies = ["write-through", "write-through-selective", "write-back"];
    private static readonly string[] PrefetchPolicies = ["timeout", "best-effort", "wait-complete"];

    /// <summary>Pages of the host pool beside a device's.</summary>
    public int HostPages(IPageMemory device) =>
        HostSizePages > 0 ? HostSizePages : (int)Math.Min(int.MaxValue / 2, HostRatio * device.CapacityPages);

    internal static TierSettings Read(ConfigSection section)
    {
        var (host, prefetch) = (section.Section("l2"), section.Section("prefetch"));
        var path = host.Text("path");
        var settings = new TierSettings(
            host.Number("ratio", 0, 1_000),
            host.Integer("pages", min: 0),
            path.Length == 0 ? null : path,
            host.OneOf("policy", EvictionPolicies.Names),
            (TierWritePolicy)Array.IndexOf(WritePolicies, host.OneOf("write-policy", WritePolicies)),
            new StorageTierOptions
            {
                Policy = (PrefetchPolicy)Array.IndexOf(PrefetchPolicies, prefetch.OneOf("policy", PrefetchPolicies)),
                MinTokens = prefetch.Integer("min-tokens", min: 1),
                BaseWait = prefetch.Duration("base-wait", allowZero: true),
                WaitPerKiToken = prefetch.Duration("wait-per-1024-tokens", allowZero: true),
                LongestWait = prefetch.Duration("longest-wait"),
                PrefetchShare = prefetch.Number("share", 0.001, 1),
                BatchPages = prefetch.Integer("batch-pages", min: 1),
            });
        host.CheckNoOthers();
        prefetch.CheckNoOthers();
        return settings;
    }
}
