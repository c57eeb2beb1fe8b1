namespace ActorInference.Actors.Kv;

/// <summary>How another process can reach a page pool.</summary>
/// <param name="Layout">Shape of its pages; a receiver's must be equal.</param>
/// <param name="CapacityPages">Pages of the pool.</param>
/// <param name="SharedPath">File to map on the same host, or name of a device's memory (<see cref="IPageMemory.SharedPath"/>); null if there is none.</param>
/// <param name="Host">Where its page server listens.</param>
/// <param name="Port">0 if it does not.</param>
public sealed record KvPageSource(KvPageLayout Layout, int CapacityPages, string? SharedPath, string Host, int Port)
{
    /// <summary>Version of the frames and of the checksum that its process speaks.</summary>
    public int Protocol { get; init; } = KvTransferFormat.CurrentProtocol;

    /// <summary>What a receiver's must equal.</summary>
    public KvTransferFormat Format => new(Protocol, Layout);
}
