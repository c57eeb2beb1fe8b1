using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Store;

/// <summary>The pages of one shape in a store's pool, as those see it who move pages: a page's number is its slot.</summary>
public sealed class StoreView(StorePool pool, KvPageLayout layout) : IPageMemory
{
    /// <summary>Slots that a reader may name.</summary>
    public const int MaxSlots = 1 << 28;

    public KvPoolId Id { get; } = KvPoolId.New();

    public KvPageLayout Layout => layout;

    public int CapacityPages => MaxSlots;

    /// <summary>Slots do not lie in the order of their numbers, so nobody can map them by these.</summary>
    public string? SharedPath => null;

    /// <returns>False: room in a store is taken with the page's name.</returns>
    public bool TryAllocate(Span<int> pages) => false;

    public bool TryAddReference(int page, int generation) => pool.TryAddReference(page, generation);

    public int Generation(int page) => pool.GenerationOf(page);

    public Memory<byte> Bytes(int page) => pool.MemoryOf(page);

    public void AddReferences(ReadOnlySpan<int> pages)
    {
        for (var i = 0; i < pages.Length; i++)
        {
            if (pool.TryAddReference(pages[i], pool.GenerationOf(pages[i]))) continue;
            Release(pages[..i]);
            throw new InvalidOperationException($"Nobody holds slot {pages[i]}.");
        }
    }

    public void Release(ReadOnlySpan<int> pages)
    {
        foreach (var page in pages) pool.Release(page);
    }
}
