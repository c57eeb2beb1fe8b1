namespace ActorInference.Actors.Kv;

/// <summary>A page pool as those see it who move pages: bytes and references, nothing of models. Thread-safe.</summary>
public interface IPageMemory : IPageReferences
{
    /// <summary>Tells this pool's pages from those of others.</summary>
    KvPoolId Id { get; }

    KvPageLayout Layout { get; }

    int CapacityPages { get; }

    /// <summary>File through which other processes of this host can map the pages, page after page, or name by which a device's do (<see cref="IDevicePages"/>); null if there is none.</summary>
    string? SharedPath { get; }

    /// <summary>Takes <paramref name="pages"/>.Length pages with one reference each, or none at all.</summary>
    bool TryAllocate(Span<int> pages);

    /// <summary>Adds a reference to a page that may have been released meanwhile.</summary>
    /// <returns>False if the page is no longer the one of that generation; nothing has changed then.</returns>
    bool TryAddReference(int page, int generation);

    /// <summary>Tells this use of a page from earlier and later ones.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds the page.</exception>
    int Generation(int page);

    /// <summary>Whether the host reaches pages where they are, by <see cref="Bytes"/>; where not, by copies alone.</summary>
    bool HasBytes => true;

    /// <summary>The bytes of a page that the caller holds. Length <see cref="KvPageLayout.PageBytes"/>.</summary>
    /// <exception cref="NotSupportedException">The pool has none; see <see cref="HasBytes"/>.</exception>
    Memory<byte> Bytes(int page);

    /// <summary>Copies the bytes of a page that the caller holds.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="target">At least <see cref="KvPageLayout.PageBytes"/> long.</param>
    void Read(int page, Span<byte> target) => Bytes(page).Span.CopyTo(target);

    /// <summary>Replaces the bytes of a page that the caller holds.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="source">At least <see cref="KvPageLayout.PageBytes"/> long.</param>
    void Write(int page, ReadOnlySpan<byte> source) => source[..Layout.PageBytes].CopyTo(Bytes(page).Span);

    /// <summary>The <see cref="PageChecksum"/> of each of the pages, which the caller holds.</summary>
    /// <param name="pages">Their numbers.</param>
    /// <param name="checksums">Overwritten; as long.</param>
    void Sum(ReadOnlySpan<int> pages, Span<uint> checksums)
    {
        for (var i = 0; i < pages.Length; i++) checksums[i] = PageChecksum.Compute(Bytes(pages[i]).Span);
    }
}
