using ActorInference.Actors.Kv;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Ranks;

/// <summary>The pages of rank 0's pool in another process: memory only, since rank 0 says who has which page.</summary>
internal sealed unsafe class MappedPool : IPoolMemory
{
    private readonly SharedSegment _segment;

    private MappedPool(SharedSegment segment) => _segment = segment;

    public byte* Address => _segment.Address;

    /// <exception cref="IOException">It is not there, or has another size.</exception>
    public static KvPagePool Open(KvPageLayout layout, int pages, string path) =>
        new(layout, pages, new MappedPool(SharedSegment.OpenForWriting(path, (long)pages * layout.PageBytes)));

    public void Dispose() => _segment.Dispose();
}
