using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// Deals the keys of a step's groups of tiles out to items (Flash-Decoding, Dao et al., 2023): usually all keys of a group are one, but a sequence that is
/// most of the step's work is split between parts, so that all threads take part in it.
/// </summary>
/// <remarks>
/// Parts begin at multiples of <see cref="PartKeys"/> in the sequence, and every query is summed part by part, split or not: so splitting changes no bit.
/// </remarks>
internal sealed unsafe class AttentionSplits(StepPlan plan, ModelConfig config, int threads, int outputColumns) : IDisposable
{
    public const int PartKeys = 8 * AttentionWork.BlockKeys;

    private const int ItemsPerThread = 2;
    private const long MaxPartFloats = 8L << 20;
    private const int Statistics = 16;   // Largest score and sum; the rest keeps rows aligned.

    private readonly int _group = config.Heads / config.KvHeads;
    private readonly Piece[] _pieces = new Piece[plan.MaxRows + ItemsPerThread * threads];
    private readonly Split[] _splits = new Split[ItemsPerThread * threads];
    private NativeBuffer _parts = new(0);
    private int _window;

    /// <summary>What one item does for each head: some of a group's parts, whose sums it leaves in a split's rows, or all of them.</summary>
    /// <param name="SplitIndex">The split that this is a piece of; -1 if the group is whole.</param>
    /// <param name="FirstKey">Of a split's piece.</param>
    /// <param name="EndKey">After its last.</param>
    public readonly record struct Piece(int Group, int SplitIndex, int FirstKey, int EndKey);

    /// <summary>A group of one tile whose keys are dealt out.</summary>
    /// <param name="FirstKey">Where its first part begins.</param>
    /// <param name="Rows">Queries of one head.</param>
    /// <param name="FirstRow">Of its sums: for each head, for each part, for each query.</param>
    public readonly record struct Split(int Tile, int FirstKey, int Parts, int Rows, long FirstRow);

    public int PieceCount { get; private set; }

    public int SplitCount { get; private set; }

    public ref readonly Piece this[int index] => ref _pieces[index];

    public ref readonly Split SplitAt(int index) => ref _splits[index];

    /// <param name="window">Keys that a query sees, itself included.</param>
    /// <param name="parallel">False if one thread computes all.</param>
    public void Set(int window, bool parallel)
    {
        _window = window;
        (PieceCount, SplitCount) = (0, 0);
        var (total, rows) = (0L, 0L);
        for (var group = 0; group < plan.GroupCount; group++) total += Work(plan.Group(group));
        // The last tile of a long prompt sees the most keys; it goes first, so that no thread is left with it at the end.
        for (var group = plan.GroupCount - 1; group >= 0; group--)
        {
            var items = parallel && threads > 1 ? Work(plan.Group(group)) * ItemsPerThread * threads / (total * config.KvHeads) : 0;
            if (items < 1 || plan.Group(group).Tiles > 1 || !TrySplit(group, (int)items + 1, ref rows)) _pieces[PieceCount++] = new Piece(group, -1, 0, 0);
        }

        if (rows * (outputColumns + Statistics) * sizeof(float) <= _parts.LengthBytes) return;
        _parts.Dispose();
        _parts = NativeBuffer.OfFloats(2 * rows * (outputColumns + Statistics));
    }

    /// <summary>Sums of a part for one query: its weighted values, the largest score and the sum of weights.</summary>
    public float* PartRow(in Split split, int head, int part, int row) =>
        _parts.Floats + (split.FirstRow + ((long)head * split.Parts + part) * split.Rows + row) * (outputColumns + Statistics);

    public void Dispose() => _parts.Dispose();

    private bool TrySplit(int group, int pieces, ref long rows)
    {
        var first = plan.Group(group).FirstTile;
        ref readonly var tile = ref plan.Tile(first);
        var keys = tile.FirstPosition + tile.Tokens;
        var start = FirstKey(tile) / PartKeys * PartKeys;
        var parts = (keys - start + PartKeys - 1) / PartKeys;
        pieces = Math.Min(pieces, parts);
        var needed = (long)parts * tile.Tokens * _group * config.KvHeads;
        if (pieces < 2 || SplitCount == _splits.Length || (rows + needed) * (outputColumns + Statistics) > MaxPartFloats) return false;
        for (var piece = pieces - 1; piece >= 0; piece--)
        {
            int begin = start + piece * parts / pieces * PartKeys, end = start + (piece + 1) * parts / pieces * PartKeys;
            _pieces[PieceCount++] = new Piece(group, SplitCount, begin, Math.Min(end, keys));
        }

        _splits[SplitCount++] = new Split(first, start, parts, tile.Tokens * _group, rows);
        rows += needed;
        return true;
    }

    private long Work(in StepPlan.TileGroup group)
    {
        var work = 0L;
        for (var i = 0; i < group.Tiles; i++)
        {
            ref readonly var tile = ref plan.Tile(group.FirstTile + i);
            work += (long)tile.Tokens * (tile.FirstPosition + tile.Tokens - FirstKey(tile));
        }

        return work;
    }

    /// <summary>The first key that a query of the tile sees.</summary>
    private int FirstKey(in StepPlan.QueryTile tile) => Math.Max(0, tile.FirstPosition - _window + 1);
}
