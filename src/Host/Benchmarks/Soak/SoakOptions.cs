namespace ActorInference.Host.Benchmarks.Soak;

/// <summary>How the storage tier is worked.</summary>
internal sealed record SoakOptions
{
    /// <summary>Operations; null to go on for <see cref="Duration"/>.</summary>
    public long? Operations { get; init; }

    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Of what is done, to which pages.</summary>
    public int Seed { get; init; } = 1;

    public int Stores { get; init; } = 2;

    /// <summary>Of each store.</summary>
    public long MemoryBytes { get; init; } = 8 << 20;

    /// <summary>Of each store.</summary>
    public long DiskQuotaBytes { get; init; } = 16 << 20;

    /// <summary>Sequences that pages are of.</summary>
    public int Sequences { get; init; } = 1_000;

    /// <summary>Operations between two checks of everything.</summary>
    public int CheckEvery { get; init; } = 1_000;
}

/// <summary>What was done, and what was found wrong.</summary>
/// <param name="Refused">Pages that no store had room for.</param>
/// <param name="WrongPages">Pages that came with other bytes than were put.</param>
/// <param name="LargestDiskBytes">Of one store, at any check.</param>
/// <param name="ManagedBytes">In use after a collection, at each check.</param>
/// <param name="GrowthBytesPerOperation">Slope of the line of least squares through the later half of <see cref="ManagedBytes"/>.</param>
/// <param name="Faults">What is not as it should be; empty if all is well.</param>
internal sealed record SoakResult(
    long Operations, double Seconds, long PutPages, long Refused, long GotPages, long WrongPages, long Kills, long Snapshots, long Checks,
    long LargestDiskBytes, IReadOnlyList<long> ManagedBytes, double GrowthBytesPerOperation, IReadOnlyList<string> Faults);
