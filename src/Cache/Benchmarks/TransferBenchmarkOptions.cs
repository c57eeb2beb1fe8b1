using System.Diagnostics;

namespace ActorInference.Cache.Benchmarks;

/// <summary>A way for pages to get from one worker to another.</summary>
public enum BenchmarkTransport
{
    /// <summary>Within a process: references in messages, no bytes.</summary>
    InProc,

    /// <summary>Shared memory.</summary>
    Shm,

    /// <summary>TCP over loopback.</summary>
    Tcp,
}

/// <summary>What to measure.</summary>
public sealed record TransferBenchmarkOptions
{
    /// <summary>Least and greatest size of a page, and what it is a multiple of.</summary>
    public const int MinPageBytes = 4096;
    public const int MaxPageBytes = 64 << 20;

    /// <summary>Bytes of a transfer, at least one page. Default 1 GiB. Both processes have as much memory for it.</summary>
    public long Bytes { get; init; } = 1 << 30;

    /// <summary>Sizes of a page; one result for each and each transport.</summary>
    public required IReadOnlyList<int> PageBytes { get; init; }

    public required IReadOnlyList<BenchmarkTransport> Transports { get; init; }

    /// <summary>Times that everything is measured, in turns; results are medians. Default 5.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Starts the second process with the arguments' page size and bytes; it must run <see cref="TransferBenchmarkPeer"/>.</summary>
    public required Func<int, long, Process> StartPeer { get; init; }
}

/// <summary>One transport and page size, medians over the rounds.</summary>
/// <param name="Transport">Which.</param>
/// <param name="PageBytes">Size of a page.</param>
/// <param name="GigabytesPerSecond">Pages that the sender has summed when it made them: moved, and checked by the receiver.</param>
/// <param name="WithSumsGigabytesPerSecond">The same, and the sender sums them too, out of memory, while others are under way.</param>
/// <param name="MemcpyGigabytesPerSecond">Best of copying the same bytes at once and page by page, one thread.</param>
/// <param name="RawSocketGigabytesPerSecond">Best of one and two blocking connections between the same processes, in slices of a page, with the kernel's buffers and with the page server's.</param>
/// <param name="PageLatencyUs">A page by itself, from asking for it until it is there and checked.</param>
/// <param name="RawRoundTripUs">As many bytes for a question of 16, over a blocking connection.</param>
/// <param name="AllocationCpuShare">Time of garbage collections and of allocating, as a part of both processes' CPU time.</param>
/// <param name="AllocationMsPerGigabyte">The same time for each GB that was moved: within a process nothing else is done that takes time.</param>
public sealed record TransferBenchmarkResult(
    BenchmarkTransport Transport,
    int PageBytes,
    double GigabytesPerSecond,
    double WithSumsGigabytesPerSecond,
    double MemcpyGigabytesPerSecond,
    double RawSocketGigabytesPerSecond,
    double PageLatencyUs,
    double RawRoundTripUs,
    double AllocationCpuShare,
    double AllocationMsPerGigabyte);
