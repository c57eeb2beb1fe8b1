namespace ActorInference.Roles.Configuration;

/// <summary>Whose a store's memory is.</summary>
public enum StoreMemoryKind
{
    /// <summary>Shared where workers live in other processes, else private.</summary>
    Auto,

    /// <summary>The process's alone: others read it by the network.</summary>
    Private,

    /// <summary>In /dev/shm, where processes of the host read it themselves.</summary>
    Shared,

    /// <summary>There too, and kept when the process ends.</summary>
    Kept,
}

/// <summary>What a node with the role cache-store holds: the section <c>actor-inference.cache.store</c>.</summary>
/// <param name="MemoryBytes">Of its pool.</param>
/// <param name="Path">Folder for its pages; empty for none.</param>
/// <param name="DiskQuotaBytes">0 for 0.9 of the disk.</param>
public sealed record CacheStoreSettings(long MemoryBytes, StoreMemoryKind Memory, string Path, long DiskQuotaBytes, TimeSpan SnapshotInterval, TimeSpan ReportInterval)
{
    private static readonly string[] Kinds = [.. Enum.GetNames<StoreMemoryKind>().Select(name => name.ToLowerInvariant())];

    internal static CacheStoreSettings Read(ConfigSection section)
    {
        var settings = new CacheStoreSettings(
            section.Bytes("memory", min: 1),
            Enum.Parse<StoreMemoryKind>(section.OneOf("memory-kind", Kinds), ignoreCase: true),
            section.Text("path"),
            section.Bytes("disk-quota", min: 0),
            section.Duration("snapshot-interval"),
            section.Duration("report-interval"));
        section.CheckNoOthers();
        return settings;
    }
}
