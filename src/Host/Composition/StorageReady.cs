using ActorInference.Actors.Kv;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace ActorInference.Host.Composition;

/// <summary>Whether the workers of a process know the cluster's stores, and have once written and read a page there.</summary>
public static class StorageReady
{
    /// <summary>A storage tier that is away keeps no node from being ready.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>A tenant without prompts: what requests have as salt begins with a length.</summary>
    private const string Nobody = "rehearsal";

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until they do, or it has taken too long; not at all where there are no stores to be asked.</summary>
    /// <param name="system">Of the process.</param>
    /// <param name="settings">Of the process.</param>
    /// <param name="storage">Of the process; null for none.</param>
    /// <param name="space">Of its workers' pages.</param>
    /// <param name="stop">Ends the wait.</param>
    public static async Task WaitAsync(ActorSystem system, InferenceSettings settings, StorageTier? storage, KvNamespace space, CancellationToken stop)
    {
        var hasStores = Cluster.Get(system).State.Members.Any(member => member.Status == MemberStatus.Up && member.HasRole(NodeRole.CacheStore.Name()));
        if (!hasStores || storage is null || !settings.Tiers.AttachStorage) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Limit);
        try
        {
            using var timer = new PeriodicTimer(LookAgain);
            while (CacheProcess.Get(system).Table.Stores.IsEmpty) await timer.WaitForNextTickAsync(limit.Token);
            // What the first time takes, to be compiled, to find the shards and to reach a store, no request waits for then.
            var brought = await storage.RehearseAsync((space with { TenantSalt = Nobody }).ComputeId(), limit.Token);
            if (brought == 0) system.Log.Warning("The storage tier has not given back a page that was written for trial; requests may find it slow at first.");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            system.Log.Warning("The storage tier has not answered within {0}; requests will find out when it does.", Limit);
        }
    }
}
