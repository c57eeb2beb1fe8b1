using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>
/// The storage tier (L3) as a worker's process sees it: pages by key, read into and written from its own pools. Thread-safe.
/// </summary>
/// <remarks>
/// It is never the reason that a request fails: what a store does not have, has lost, sends too late or sends broken is a
/// miss. Every call ends by its own short deadline; a storage that keeps failing is not asked for a while.
/// </remarks>
public interface IPageStorage
{
    /// <summary>Something of what was stored may be there no longer, as when a store has died. Raised on any thread; not of single pages that make room for others.</summary>
    event Action? PagesLost;

    /// <summary>How many of the run's first pages are stored and can be read now. One query for all of them.</summary>
    ValueTask<int> FindLeadingAsync(PageRun run, CancellationToken cancellationToken);

    /// <summary>As <see cref="FindLeadingAsync"/>, for who wants to read them: where they are is asked only once.</summary>
    async ValueTask<StoredRun> FindAsync(PageRun run, CancellationToken cancellationToken) =>
        new(this, run, await FindLeadingAsync(run, cancellationToken).ConfigureAwait(false));

    /// <summary>Reads pages into a pool, first to last.</summary>
    /// <param name="run">What to read.</param>
    /// <param name="into">Of the layout that the run was stored with.</param>
    /// <param name="pages">A page for each key, which the caller holds. Shape <c>[run.Count]</c>.</param>
    /// <param name="checksums">Receives those of the pages that have landed. Same shape.</param>
    /// <returns>How many of the first ones have landed, their checksums right; the bytes of the others are undefined.</returns>
    ValueTask<int> GetAsync(PageRun run, IPageMemory into, ReadOnlyMemory<int> pages, Memory<uint> checksums, CancellationToken cancellationToken);

    /// <summary>Stores pages that the caller holds until this ends.</summary>
    /// <param name="checksums">Of each page when it was sound: one that no longer has it is not stored. Shape <c>[run.Count]</c>.</param>
    /// <returns>How many of the first ones are stored, those counted that were there before.</returns>
    ValueTask<int> PutAsync(PageRun run, IPageMemory from, ReadOnlyMemory<int> pages, ReadOnlyMemory<uint> checksums, CancellationToken cancellationToken);
}

/// <summary>Pages of a run that a storage has: the first ones.</summary>
/// <param name="storage">Reads them.</param>
/// <param name="run">All that was asked for.</param>
/// <param name="count">How many of the first it has.</param>
public class StoredRun(IPageStorage storage, PageRun run, int count)
{
    public int Count => count;

    /// <summary>As <see cref="IPageStorage.GetAsync"/>, of as many pages as there is room for.</summary>
    /// <param name="first">Which of them comes first.</param>
    /// <inheritdoc cref="IPageStorage.GetAsync" path="/param[@name='into' or @name='pages' or @name='checksums']"/>
    /// <returns>How many of these have landed.</returns>
    public virtual ValueTask<int> GetAsync(int first, IPageMemory into, ReadOnlyMemory<int> pages, Memory<uint> checksums, CancellationToken cancellationToken) =>
        storage.GetAsync(run.Slice(first, pages.Length), into, pages, checksums, cancellationToken);
}
