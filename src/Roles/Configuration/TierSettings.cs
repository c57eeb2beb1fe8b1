using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;

namespace ActorInference.Roles.Configuration;

/// <summary>The tiers beyond the device's pool.</summary>
/// <param name="HostSize">How large the host pool is.</param>
/// <param name="HostPath">File to keep it in; null for memory.</param>
/// <param name="HostPolicy">One of <see cref="EvictionPolicies.Names"/>.</param>
/// <param name="Write">When pages are copied to it.</param>
/// <param name="Storage">How the storage tier is used, if there is one.</param>
/// <param name="AttachStorage">Whether the cluster's stores are behind the host pool from the start.</param>
public sealed record TierSettings(
    HostSize HostSize, string? HostPath, string HostPolicy, TierWritePolicy Write, StorageTierOptions Storage, bool AttachStorage)
{
    private static readonly string[] WritePolicies = ["write-through", "write-through-selective", "write-back"];
    private static readonly string[] PrefetchPolicies = ["timeout", "best-effort", "wait-complete"];
    private static readonly string[] Switch = ["off", "on"];

    internal static TierSettings Read(ConfigSection section)
    {
        var (host, storage, prefetch) = (section.Section("l2"), section.Section("l3"), section.Section("prefetch"));
        var path = host.Text("path");
        var settings = new TierSettings(
            HostSize.Read(host),
            path.Length == 0 ? null : path,
            host.OneOf("policy", EvictionPolicies.Names),
            (TierWritePolicy)Array.IndexOf(WritePolicies, host.OneOf("write-policy", WritePolicies)),
            new StorageTierOptions
            {
                Policy = (PrefetchPolicy)Array.IndexOf(PrefetchPolicies, prefetch.OneOf("policy", PrefetchPolicies)),
                MinTokens = prefetch.Integer("min-tokens", min: 1),
                OnlyIfFaster = prefetch.OneOf("only-if-faster", Switch) == "on",
                BaseWait = prefetch.Duration("base-wait", allowZero: true),
                WaitPerKiToken = prefetch.Duration("wait-per-1024-tokens", allowZero: true),
                LongestWait = prefetch.Duration("longest-wait"),
                PrefetchShare = prefetch.Number("share", 0.001, 1),
                BatchPages = prefetch.Integer("batch-pages", min: 1),
                Readers = prefetch.Integer("readers", min: 1),
                RecheckAfter = storage.Duration("recheck-after"),
            },
            storage.OneOf("attached", Switch) == "on");
        host.CheckNoOthers();
        storage.CheckNoOthers();
        prefetch.CheckNoOthers();
        return settings;
    }
}
