namespace ActorInference.Actors.Kv;

/// <summary>
/// The reference counts of a page pool, as a cache of pages needs them. A pool satisfies it directly or by an adapter.
/// </summary>
public interface IPageReferences
{
    /// <summary>Adds a reference to a page that the caller of the cache holds.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds the page.</exception>
    void AddReference(int page);

    /// <summary>Gives back one reference of each page; the last one frees it.</summary>
    /// <param name="pages">Page numbers in any order. Valid during the call only.</param>
    void Release(ReadOnlySpan<int> pages);
}
