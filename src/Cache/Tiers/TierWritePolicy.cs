namespace ActorInference.Cache.Tiers;

/// <summary>When pages are copied to host memory.</summary>
public enum TierWritePolicy
{
    /// <summary>As they fill.</summary>
    WriteThrough,

    /// <summary>When they are used for the second time.</summary>
    WriteThroughSelective,

    /// <summary>When the device's cache gives them up.</summary>
    WriteBack,
}

/// <summary>Counts of a host pool since it began.</summary>
/// <param name="CapacityPages">Pages that it may hold.</param>
/// <param name="HeldPages">Pages that it holds.</param>
/// <param name="Stored">Pages copied into it, or brought from the storage tier.</param>
/// <param name="Loaded">Pages copied out of it.</param>
/// <param name="Evicted">Pages given up for others.</param>
/// <param name="Rotten">Pages whose checksum was wrong; each was a miss.</param>
/// <param name="Adopted">Pages found at start that an earlier process left.</param>
public readonly record struct HostPoolCounts(int CapacityPages, int HeldPages, long Stored, long Loaded, long Evicted, long Rotten, int Adopted);
