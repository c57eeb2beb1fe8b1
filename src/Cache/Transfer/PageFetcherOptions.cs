namespace ActorInference.Cache.Transfer;

/// <summary>How pages are brought from other processes.</summary>
public sealed record PageFetcherOptions
{
    /// <summary>Whether to map the memory of processes on the same host, where they offer it.</summary>
    public bool UseSharedMemory { get; init; } = true;

    /// <summary>Connections to one process, at least 1; the pages of one message are spread over them.</summary>
    public int Connections { get; init; } = 2;

    /// <summary>Time that a transfer may take beyond its size.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Least speed of a transfer before it counts as stalled, in bytes a second.</summary>
    public long MinBytesPerSecond { get; init; } = 50_000_000;

    /// <summary>Bytes under way into one pool at the same time, beyond which messages wait; at least one always goes.</summary>
    public long MaxBytesInFlight { get; init; } = 256 << 20;

    /// <summary>The same from one sender, so that a slow one does not keep the others out.</summary>
    public long MaxPeerBytesInFlight { get; init; } = 128 << 20;

    /// <summary>Messages that may wait; a further one fails.</summary>
    public int MaxWaiting { get; init; } = 10_000;
}
