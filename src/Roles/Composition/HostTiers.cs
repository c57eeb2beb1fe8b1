using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace ActorInference.Roles.Composition;

/// <summary>The tiers of a process beyond the device's pool; its workers share them.</summary>
/// <param name="Host">Null for none.</param>
/// <param name="Storage">Behind the host's pages; null without these.</param>
public sealed record HostTiers(HostPool? Host, StorageTier? Storage)
{
    /// <summary>Makes them as the settings say; they end with the system.</summary>
    /// <param name="createStorage">Makes what is behind the host's pages; null for nothing.</param>
    /// <exception cref="ConfigurationException">The host pool cannot be made.</exception>
    internal static HostTiers Create(ActorSystem system, InferenceNode node, TierSettings settings, Func<IPageMemory, HostStorage>? createStorage)
    {
        if (node.DevicePool is not { } device || settings.HostPages(device) is not (> 0 and var capacity)) return new HostTiers(null, null);
        HostMemory memory;
        try
        {
            memory = new HostMemory(device.Layout, capacity, settings.HostPath);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            throw new ConfigurationException($"actor-inference.cache.l2: {capacity} pages of {device.Layout.PageBytes} bytes cannot be kept in {settings.HostPath ?? "memory"}: {cause.Message}", cause);
        }

        var host = new HostPool(memory, EvictionPolicies.Create(settings.HostPolicy), settings.Write, TimeProvider.System);
        if (settings.HostPath is not null) system.Log.Info("Warm up from host pool: {0}, found {1} cached entries", settings.HostPath, host.Adopted);
        var storage = new StorageTier(host, settings.Storage, TimeProvider.System);
        var stores = createStorage?.Invoke(host.Memory);
        if (stores is not null) storage.Attach(stores.Client);
        // After the workers, which end with the guardians.
        system.WhenTerminated.ContinueWith(
            async _ =>
            {
                await storage.DisposeAsync().ConfigureAwait(false);
                if (stores is not null) await stores.DisposeAsync().ConfigureAwait(false);
                host.Dispose();
            },
            TaskScheduler.Default);
        return new HostTiers(host, storage);
    }
}
