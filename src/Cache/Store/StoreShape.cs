using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Store;

/// <summary>
/// Stores keep bytes. Between stores and readers a page travels as one of a shape that stands for its size alone, whatever the
/// model makes of it.
/// </summary>
internal static class StoreShape
{
    private const int ElementBytes = 4;   // Keys and values of two bytes each.

    /// <param name="pageBytes">A multiple of 4, as the size of every page is.</param>
    public static KvPageLayout Of(int pageBytes) =>
        new(Layers: 1, PageSizeTokens: 1, KvHeads: 1, HeadDim: pageBytes / ElementBytes, KvDtype.F16);

    public static bool IsPageSize(int bytes) => bytes > 0 && bytes % ElementBytes == 0;

    /// <summary>A pool seen as one of bytes.</summary>
    public static IPageMemory Shapeless(IPageMemory pool) => new ShapelessPool(pool);

    private sealed class ShapelessPool(IPageMemory pool) : IPageMemory
    {
        public KvPoolId Id => pool.Id;

        public KvPageLayout Layout { get; } = Of(pool.Layout.PageBytes);

        public int CapacityPages => pool.CapacityPages;

        public string? SharedPath => pool.SharedPath;

        public bool TryAllocate(Span<int> pages) => pool.TryAllocate(pages);

        public bool TryAddReference(int page, int generation) => pool.TryAddReference(page, generation);

        public int Generation(int page) => pool.Generation(page);

        public Memory<byte> Bytes(int page) => pool.Bytes(page);

        public void AddReferences(ReadOnlySpan<int> pages) => pool.AddReferences(pages);

        public void Release(ReadOnlySpan<int> pages) => pool.Release(pages);
    }
}
