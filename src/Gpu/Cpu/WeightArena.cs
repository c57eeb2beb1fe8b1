namespace ActorInference.Gpu.Cpu;

/// <summary>
/// Memory for all matrices of a model, one after the other: a large page holds the end of one and the beginning of the next, where
/// matrices by themselves would each begin and end on small ones, or be too small for any.
/// </summary>
internal sealed unsafe class WeightArena : IDisposable
{
    private const long BlockBytes = 64 << 20;
    private const long AlignmentBytes = 64;

    private readonly List<NativeBuffer> _blocks = [];
    private long _used = long.MaxValue;

    /// <summary>Takes zeroed memory, aligned to a cache line, which lives as long as the arena.</summary>
    /// <exception cref="OutOfMemoryException">The memory is not to be had.</exception>
    public byte* Take(long bytes)
    {
        // What is left of a block has not been touched, and costs nothing.
        if (_blocks.Count == 0 || _blocks[^1].LengthBytes - _used < bytes)
        {
            _blocks.Add(new NativeBuffer(Math.Max(bytes, BlockBytes)));
            _used = 0;
        }

        var taken = _blocks[^1].Data + _used;
        _used = (_used + bytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
        return taken;
    }

    public void Dispose()
    {
        foreach (var block in _blocks) block.Dispose();
        _blocks.Clear();
    }
}
