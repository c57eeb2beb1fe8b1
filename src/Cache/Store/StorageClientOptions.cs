using System.Collections.Immutable;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;

namespace ActorInference.Cache.Store;

/// <summary>How a worker uses the distributed store.</summary>
public sealed record StorageClientOptions
{
    public const string DefaultTenant = "default";

    /// <summary>Whose pages they are. Tenants share nothing.</summary>
    public string Tenant { get; init; } = DefaultTenant;

    /// <summary>Name of this host; stores on it are preferred.</summary>
    public string Host { get; init; } = Environment.MachineName;

    /// <summary>Buckets of the whole cache, <see cref="CacheShardOptions.Buckets"/>.</summary>
    public int Buckets { get; init; } = 16;

    /// <summary>Whether stores of the same process may copy straight out of the worker's pools. Default true.</summary>
    public bool OffersPools { get; init; } = true;

    /// <summary>Longest time for a question to shards. Default 250 ms.</summary>
    public TimeSpan QueryDeadline { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest time for reading, and for storing, beyond the size. Default 1 s.</summary>
    public TimeSpan TransferDeadline { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Least speed of a transfer before it counts as too slow, in bytes a second. Default 100 MB/s.</summary>
    public long MinBytesPerSecond { get; init; } = 100_000_000;

    public CacheShardProtocol.PutPolicy Policy { get; init; } = new(1, CacheShardProtocol.PinAction.Preserve, 0, false, "", ImmutableArray<Actors.Ids.StoreId>.Empty);

    public PageFetcherOptions Fetching { get; init; } = new();
}
