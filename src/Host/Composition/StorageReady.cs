using ActorInference.Actors.Kv;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Hosting;

namespace ActorInference.Host.Composition;

/// <summary>Whether the workers of a process know the cluster's stores, and have once asked where a page is.</summary>
public static class StorageReady
{
    /// <summary>A storage tier that is away keeps no node from being ready.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until they do, or it has taken too long; not at all where there are no stores to be asked.</summary>
    /// <param name="system">Of the process.</param>
    /// <param name="settings">Of the process.</param>
    /// <param name="stop">Ends the wait.</param>
    public static async Task WaitAsync(ActorSystem system, InferenceSettings settings, CancellationToken stop)
    {
        var hasStores = Cluster.Get(system).State.Members.Any(member => member.Status == MemberStatus.Up && member.HasRole(NodeRole.CacheStore.Name()));
        if (!hasStores || !settings.Tiers.AttachStorage || !ActorRegistry.For(system).TryGet<CacheShardActor>(out var shards)) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Limit);
        try
        {
            using var timer = new PeriodicTimer(LookAgain);
            while (CacheProcess.Get(system).Table.Stores.IsEmpty) await timer.WaitForNextTickAsync(limit.Token);
            // Nobody has it. What the first question takes, to be compiled and to find the shards, no request waits for then.
            await using var client = CacheNode.CreateClient(system, shards, settings.Cache, exchange: null);
            var keys = new KvPageKey[1];
            KvPageKey.Chain(new KvNamespaceId(0, 0), [0], pageSizeTokens: 1, keys);
            await client.FindLeadingAsync(new PageRun(new KvNamespaceId(0, 0), 0, default, [.. keys]), limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            system.Log.Warning("The storage tier has not answered within {0}; requests will find out when it does.", Limit);
        }
    }
}
