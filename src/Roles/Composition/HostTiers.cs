using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Roles.Configuration;
using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace ActorInference.Roles.Composition;

/// <summary>The tiers of a process beyond the device's pool; its workers share them.</summary>
public sealed class HostTiers
{
    /// <summary>For pages to be written behind when the node leaves; its phase allows 5 s.</summary>
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(4);

    /// <summary>For the workers to end their step, before what they use is freed.</summary>
    private static readonly TimeSpan WorkersDeadline = TimeSpan.FromSeconds(4);

    private readonly HostStorage? _stores;
    private int _isEnding;

    private HostTiers(HostPool? host, StorageTier? storage, HostStorage? stores) => (Host, Storage, _stores) = (host, storage, stores);

    /// <summary>Null for none.</summary>
    public HostPool? Host { get; }

    /// <summary>Behind the host's pages; null without these.</summary>
    public StorageTier? Storage { get; }

    /// <summary>Makes them as the settings say.</summary>
    /// <param name="createStorage">Makes what is behind the host's pages; null for nothing.</param>
    /// <exception cref="ConfigurationException">The host pool cannot be made.</exception>
    internal static HostTiers Create(ActorSystem system, InferenceNode node, TierSettings settings, Func<IPageMemory, HostStorage>? createStorage)
    {
        if (node.DevicePool is not { } device || settings.HostSize.PagesBeside(device, FreeMemory.Bytes()) is not (> 0 and var capacity))
            return new HostTiers(null, null, null);
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
        if (stores is not null) storage.Offer(stores.Client, settings.AttachStorage);
        return new HostTiers(host, storage, stores);
    }

    /// <summary>
    /// Has the node's shutdown write what is to be written behind while the stores are still there, and then, when the workers have ended,
    /// free everything and wait for it.
    /// </summary>
    /// <param name="workers">All that use the tiers.</param>
    internal void EndWith(ActorSystem system, IReadOnlyList<IActorRef> workers)
    {
        if (Host is null || Storage is null) return;
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceRequestsDone, "write-behind", () => FlushAsync(system, Storage));
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "end-tiers", () => EndAfterAsync(system, workers));
        // A worker that hangs in a step has not ended by then; nor has any where the system ends without a shutdown.
        system.WhenTerminated.ContinueWith(_ => EndAsync(), TaskScheduler.Default);
    }

    private static async Task<Done> FlushAsync(ActorSystem system, StorageTier storage)
    {
        using var deadline = new CancellationTokenSource(FlushDeadline);
        try
        {
            await storage.FlushAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            system.Log.Warning("Pages were not written to the storage tier within {0}; they will be computed again.", FlushDeadline);
        }

        return Done.Instance;
    }

    private async Task<Done> EndAfterAsync(ActorSystem system, IReadOnlyList<IActorRef> workers)
    {
        try
        {
            await Task.WhenAll(workers.Select(worker => worker.GracefulStop(WorkersDeadline))).ConfigureAwait(false);
            await EndAsync().ConfigureAwait(false);
        }
        catch (TaskCanceledException)
        {
            system.Log.Warning("A worker has not ended within {0}; the host pool stays until it has.", WorkersDeadline);
        }

        return Done.Instance;
    }

    private async Task EndAsync()
    {
        if (Interlocked.Exchange(ref _isEnding, 1) == 1) return;
        await Storage!.DisposeAsync().ConfigureAwait(false);
        if (_stores is not null) await _stores.DisposeAsync().ConfigureAwait(false);
        Host!.Dispose();
    }
}
