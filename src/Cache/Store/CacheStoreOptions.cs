using System.Net;
using ActorInference.Actors.Ids;

namespace ActorInference.Cache.Store;

/// <summary>One store.</summary>
public sealed record CacheStoreOptions
{
    /// <summary>Kept over restarts.</summary>
    public required StoreId Store { get; init; }

    /// <summary>Name of the host; equal names may share memory.</summary>
    public string Host { get; init; } = Environment.MachineName;

    /// <summary>Where its pages are read from other hosts; null for not at all.</summary>
    public IPAddress? Listen { get; init; }

    /// <summary>Name or address by which others reach that.</summary>
    public string PublicHost { get; init; } = "127.0.0.1";

    /// <summary>Between two reports. Default 1 s.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A page of which no shard has said that it wants it is asked about after this. Default 30 s.</summary>
    public TimeSpan UncertainFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Buckets of the whole cache, <see cref="CacheShardOptions.Buckets"/>.</summary>
    public int Buckets { get; init; } = 16;

    /// <summary>Transfers into the store at the same time; others wait. Default 4.</summary>
    public int MaxTransfers { get; init; } = 4;

    /// <summary>Transfers that may wait; a further one is refused. Default 1024.</summary>
    public int MaxWaiting { get; init; } = 1_024;

    /// <summary>Longest time that one transfer may take. Default 10 s.</summary>
    public TimeSpan TransferDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where pages are persisted; null if they are not.</summary>
    public StoreDiskOptions? Disk { get; init; }
}
