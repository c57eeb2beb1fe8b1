using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// Packs a model's weights a few at a time, in the order in which a step reads them, while runners already compute with what is in the
/// files: a process's first token need not wait for memory to be had and filled. Thread-safe; one caller at a time packs.
/// </summary>
/// <remarks>
/// All are packed into one piece of memory, one after the other: a large page holds the end of one matrix and the beginning of the next,
/// where matrices by themselves would each begin and end on small ones, or be too small for any.
/// </remarks>
internal sealed unsafe class WeightPacking : IDisposable
{
    /// <summary>Enough for all threads, and little beside a step.</summary>
    private const long BatchBytes = 8 << 20;

    private const long AlignmentBytes = 64;

    private readonly IPackable[] _weights;
    private readonly long[] _places;
    private readonly NativeBuffer _memory;
    private readonly PackWork _work = new();
    private readonly Lock _packing = new();
    private int _next;

    /// <param name="weights">In the order to pack them.</param>
    /// <exception cref="OutOfMemoryException">The memory, which is taken now and touched later, is not to be had.</exception>
    public WeightPacking(IPackable[] weights)
    {
        _weights = weights;
        _places = new long[weights.Length];
        var end = 0L;
        for (var i = 0; i < weights.Length; i++)
        {
            _places[i] = end;
            end = (end + LengthBytes(weights[i]) + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
        }

        _memory = new NativeBuffer(end);
    }

    public bool IsDone => Volatile.Read(ref _next) == _weights.Length;

    /// <summary>Packs some of what is left.</summary>
    /// <returns>False if nothing is left, or somebody else is packing.</returns>
    public bool TryPackSome(ComputeThreads threads)
    {
        if (IsDone || !_packing.TryEnter()) return false;
        try
        {
            var end = _next;
            _work.Clear();
            for (var bytes = 0L; end < _weights.Length && bytes < BatchBytes; end++)
            {
                _work.Add(_weights[end], Place(end));
                bytes += LengthBytes(_weights[end]);
            }

            _work.Run(threads);
            for (var i = _next; i < end; i++) _weights[i].Settle(Place(i));
            Volatile.Write(ref _next, end);
            return true;
        }
        finally
        {
            _packing.Exit();
        }
    }

    public void Dispose() => _memory.Dispose();

    private static long LengthBytes(IPackable weights) => weights.PackedParts * weights.PackedPartBytes;

    private byte* Place(int index) => _memory.Data + _places[index];

    /// <summary>Weights to pack, in items of one large page of the target, so that no two threads fetch the same page from the system.</summary>
    private sealed class PackWork : ComputeWork
    {
        private readonly List<(IPackable Weights, nint Memory, int First, int End)> _items = [];

        public void Clear() => _items.Clear();

        public void Add(IPackable weights, byte* memory)
        {
            var bytes = weights.PackedPartBytes;
            for (int first = 0, end; first < weights.PackedParts; first = end)
            {
                var page = ((nint)memory + first * (nint)bytes) / LargePages.Bytes;
                end = first + 1;
                while (end < weights.PackedParts && ((nint)memory + end * (nint)bytes) / LargePages.Bytes == page) end++;
                _items.Add((weights, (nint)memory, first, end));
            }
        }

        public void Run(ComputeThreads threads) => threads.Run(this, _items.Count);

        public override void Execute(int item, int worker)
        {
            var (weights, memory, first, end) = _items[item];
            for (var part = first; part < end; part++) weights.PackPart(part, (byte*)memory + part * weights.PackedPartBytes);
        }
    }
}
