using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Tiers;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// Where pages land that are on their way into a pool which the host reaches by copies alone: a few pages of the host's memory, from which
/// they are copied as soon as a group of them is there. Takes memory with the first. Thread-safe.
/// </summary>
internal sealed class PageLanding(IPageMemory pool) : IDisposable
{
    /// <summary>Pages that land together.</summary>
    private const int GroupPages = 8;

    /// <summary>Groups under way at once: one lands while another is copied.</summary>
    private const int Groups = 2;

    private readonly SemaphoreSlim _room = new(Groups);
    private readonly Lazy<HostMemory> _memory = new(() => new HostMemory(pool.Layout, Groups * GroupPages));

    /// <summary>Brings the pages of part of a message into pages of a pool.</summary>
    public delegate Task Fetch(KvTransferProtocol.KvPages part, IPageMemory into, ReadOnlyMemory<int> pages);

    /// <param name="message">As it came.</param>
    /// <param name="local">Pages of the pool, one for each; filled only in part if it fails.</param>
    /// <param name="fetch">Brings some of them; its pages are its own until it has ended.</param>
    /// <param name="cancellationToken">Ends the wait for room; what is under way is for <paramref name="fetch"/> to end.</param>
    public async Task FetchAsync(KvTransferProtocol.KvPages message, ReadOnlyMemory<int> local, Fetch fetch, CancellationToken cancellationToken)
    {
        for (var first = 0; first < local.Length; first += GroupPages)
        {
            var count = Math.Min(GroupPages, local.Length - first);
            await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await BringAsync(Part(message, first, count), local.Slice(first, count), fetch).ConfigureAwait(false);
            }
            finally
            {
                _room.Release();
            }
        }
    }

    public void Dispose()
    {
        if (_memory.IsValueCreated) _memory.Value.Dispose();
        _room.Dispose();
    }

    private async Task BringAsync(KvTransferProtocol.KvPages part, ReadOnlyMemory<int> local, Fetch fetch)
    {
        var (memory, pages) = (_memory.Value, new int[local.Length]);
        if (!memory.TryAllocate(pages)) throw new InvalidOperationException($"There are {Groups} groups of {GroupPages} pages, and no room for one that was let in.");
        try
        {
            await fetch(part, memory, pages).ConfigureAwait(false);
            // Not on the connection's thread, which others wait for.
            await Task.Run(() =>
            {
                for (var i = 0; i < pages.Length; i++) pool.Write(local.Span[i], memory.Span(pages[i]));
            }).ConfigureAwait(false);
        }
        finally
        {
            memory.Release(pages);
        }
    }

    private static KvTransferProtocol.KvPages Part(KvTransferProtocol.KvPages message, int first, int count)
    {
        var remote = message.Remote!;
        return message with
        {
            Pages = message.Pages.Slice(first, count),
            Remote = remote with { Checksums = remote.Checksums.Slice(first, count) },
        };
    }
}
