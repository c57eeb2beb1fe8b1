namespace ActorInference.Actors.Kv;

/// <summary>A page pool as those see it who move pages: bytes and references, nothing of models. Thread-safe.</summary>
public interface IPageMemory : IPageReferences
{
    /// <summary>Tells this pool's pages from those of others.</summary>
    KvPoolId Id { get; }

    KvPageLayout Layout { get; }

    int CapacityPages { get; }

    /// <summary>File through which other processes of this host can map the pages, page after page; null if there is none.</summary>
    string? SharedPath { get; }

    /// <summary>Takes <paramref name="pages"/>.Length pages with one reference each, or none at all.</summary>
    bool TryAllocate(Span<int> pages);

    /// <summary>Adds a reference to a page that may have been released meanwhile.</summary>
    /// <returns>False if the page is no longer the one of that generation; nothing has changed then.</returns>
    bool TryAddReference(int page, int generation);

    /// <summary>Tells this use of a page from earlier and later ones.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds the page.</exception>
    int Generation(int page);

    /// <summary>The bytes of a page that the caller holds. Length <see cref="KvPageLayout.PageBytes"/>.</summary>
    Memory<byte> Bytes(int page);
}
