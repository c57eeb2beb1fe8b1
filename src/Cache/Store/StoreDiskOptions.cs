namespace ActorInference.Cache.Store;

/// <summary>How a store persists its pages.</summary>
public sealed record StoreDiskOptions
{
    /// <summary>Folder of one store alone. Made if it is not there.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes that its files may have; 0 for <see cref="DefaultDiskShare"/> of the disk.</summary>
    public long QuotaBytes { get; init; }

    /// <summary>Part of a disk that is the quota where none is given.</summary>
    public const double DefaultDiskShare = 0.9;

    /// <summary>Between two snapshots of what is not on disk yet. Default 300 s.</summary>
    public TimeSpan SnapshotInterval { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>A file has no more bytes than this. Default 256 MiB.</summary>
    public long BucketBytes { get; init; } = 256 << 20;

    /// <summary>Part of the memory that the warm-up fills; other pages stay on disk until they are read. Default 0.8.</summary>
    public double WarmShare { get; init; } = 0.8;

    /// <summary>Part of the quota beyond which somebody should look. Default 0.8.</summary>
    public double AlertUse { get; init; } = 0.8;

    /// <summary>A warm-up that takes longer is one to look at. Default 10 s.</summary>
    public TimeSpan AlertLoad { get; init; } = TimeSpan.FromSeconds(10);
}
