namespace ActorInference.Actors.Kv;

/// <summary>
/// The reference counts of a page pool, as a cache of pages needs them. A pool satisfies it directly or by an adapter.
/// </summary>
public interface IPageReferences
{
    /// <summary>Adds a reference to each of the pages, which the caller of the cache holds: to all of them, or to none.</summary>
    /// <param name="pages">Page numbers in any order. Valid during the call only.</param>
    /// <exception cref="InvalidOperationException">Nobody holds one of the pages. Nothing has changed.</exception>
    void AddReferences(ReadOnlySpan<int> pages);

    /// <summary>Gives back one reference of each page; the last one frees it.</summary>
    /// <param name="pages">Page numbers in any order. Valid during the call only.</param>
    void Release(ReadOnlySpan<int> pages);
}
