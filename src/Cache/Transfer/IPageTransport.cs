using ActorInference.Actors.Protocols;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// One way to bring pages of other processes into a pool. A fetcher asks its ways in order, the shortest first, for each message; reads of remote
/// memory (RDMA) would be one more. Thread-safe.
/// </summary>
internal interface IPageTransport : IDisposable
{
    /// <summary>Fills pages of the pool with those of a message, whose numbers were checked, and compares them with their checksums.</summary>
    /// <param name="message">As it came.</param>
    /// <param name="local">Pages that the caller holds until this has ended, one for each, at least one.</param>
    /// <param name="cancellationToken">Ends it: also when the time for it is over.</param>
    /// <returns>False if this way does not lead to the sender; nothing was touched then, and the next one is tried.</returns>
    /// <exception cref="TransferException">They did not come, or not as they were sent.</exception>
    Task<bool> TryBringAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, CancellationToken cancellationToken);

    /// <summary>Lets go of the memory of processes on this host that have died.</summary>
    void ReleaseAbandoned()
    {
    }
}
