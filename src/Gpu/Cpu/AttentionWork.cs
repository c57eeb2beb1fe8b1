using System.Numerics;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// Causal attention over paged keys and values, grouped-query. An item is one tile of queries of one sequence with one
/// key head: all query heads of its group, for a few neighbouring tokens, are the rows of two small products per block
/// of keys, with online softmax between them (FlashAttention, Dao et al., 2022).
/// </summary>
/// <remarks>
/// Blocks of keys begin at multiples of <see cref="BlockKeys"/> in the sequence, whatever the page size, the chunk or
/// the batch, and are summed in parts that begin at multiples of <see cref="AttentionSplits.PartKeys"/>: so a query's sums are
/// always formed in the same order. Keys it may not see have weight 0, which adds nothing.
/// Sequences that share their first pages read them once for all, and the rest each by itself.
/// </remarks>
internal sealed unsafe class AttentionWork : ComputeWork, IDisposable
{
    public const int BlockKeys = 64;

    private const int PartKeys = AttentionSplits.PartKeys;
    private const int TargetTileRows = 96;
    private const int FewRows = 16;
    private const long SerialMultiplies = 50_000;

    private readonly KernelTable _kernels;
    private readonly KvPagePool _pool;
    private readonly StepPlan _plan;
    private readonly AttentionScratch[] _scratch;
    private readonly AttentionSplits _splits;
    private readonly JoinWork _join;
    private readonly int _headDim;
    private readonly int _kvHeads;
    private readonly int _firstHead;
    private readonly int _group;
    private readonly float _scale;
    private readonly float _softcap;
    private readonly ModelConfig _config;

    private float* _query;
    private float* _target;
    private nint _ldq;
    private nint _ldt;
    private int _layer;
    private int _window;

    /// <param name="shard">Whose heads it computes; the pages have all heads.</param>
    public AttentionWork(KernelTable kernels, ModelShard shard, KvPagePool pool, StepPlan plan, int threads)
    {
        var config = shard.Config;
        (_kernels, _pool, _plan, _firstHead) = (kernels, pool, plan, shard.FirstKvHead);
        (_headDim, _kvHeads, _group) = (config.HeadDim, config.KvHeads, config.Heads / config.KvHeads);
        _scale = config.AttentionScale ?? 1 / MathF.Sqrt(config.HeadDim);
        _softcap = config.AttentionSoftcap;
        _config = config;
        _scratch = new AttentionScratch[threads];
        for (var i = 0; i < threads; i++)
            _scratch[i] = new AttentionScratch(kernels, pool.Layout.Dtype, TileTokens(config) * _group, _headDim);
        _splits = new AttentionSplits(plan, config, threads, _scratch[0].OutputColumns);
        _join = new JoinWork(this);
    }

    /// <summary>Tokens in a tile of queries.</summary>
    public static int TileTokens(ModelConfig config) => Math.Max(1, TargetTileRows / (config.Heads / config.KvHeads));

    /// <summary>Groups of tiles that keep all threads busy: a few items for each.</summary>
    public static int LeastGroups(ModelConfig config, int threads)
    {
        const int itemsPerThread = 2;
        return (itemsPerThread * threads + config.KvHeads - 1) / config.KvHeads;
    }

    /// <param name="query">Rotated queries. Shape <c>[rows, ldq]</c>.</param>
    /// <param name="target">Overwritten. Shape <c>[rows, ldt]</c>, heads side by side.</param>
    public void Run(ComputeThreads threads, int layer, float* query, nint ldq, float* target, nint ldt)
    {
        (_layer, _ldq, _ldt) = (layer, ldq, ldt);
        _window = _config.WindowOf(layer) ?? int.MaxValue / 2;
        _query = query;
        _target = target;
        var parallel = Multiplies() >= SerialMultiplies;
        _splits.Set(_window, parallel);
        threads.Run(this, _splits.PieceCount * _kvHeads, parallel);
        if (_splits.SplitCount > 0) threads.Run(_join, _splits.SplitCount * _kvHeads);
    }

    public override void Execute(int item, int worker)
    {
        ref readonly var piece = ref _splits[item / _kvHeads];
        if (piece.SplitIndex < 0) AttendGroup(_plan.Group(piece.Group), item % _kvHeads, _scratch[worker]);
        else AttendPiece(piece, item % _kvHeads, _scratch[worker]);
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch) scratch.Dispose();
        _splits.Dispose();
    }

    private void AttendGroup(in StepPlan.TileGroup group, int head, AttentionScratch scratch)
    {
        var rows = 0;
        for (var i = 0; i < group.Tiles; i++)
        {
            GatherQueries(_plan.Tile(group.FirstTile + i), head, scratch, rows);
            rows += _plan.Tile(group.FirstTile + i).Tokens * _group;
        }

        scratch.ResetPart(0, rows);
        scratch.ResetTotals(rows);
        var shared = SharedKeys(group);
        // All see the shared keys, as if all were the first token after them.
        AttendKeys(Rows(_plan.Tile(group.FirstTile).Sequence, head), 0, shared, new(shared, 0, rows), scratch);
        var row = 0;
        for (var i = 0; i < group.Tiles; i++)
        {
            ref readonly var tile = ref _plan.Tile(group.FirstTile + i);
            var count = tile.Tokens * _group;
            // Blocks that lie before the windows of all queries are left out.
            var start = Math.Max(shared, Math.Max(0, tile.FirstPosition - _window + 1) / BlockKeys * BlockKeys);
            AttendKeys(Rows(tile.Sequence, head), start, tile.FirstPosition + tile.Tokens, new(tile.FirstPosition, row, count), scratch);
            scratch.EndPart(row, count);
            ScatterOutputs(tile, head, scratch, row);
            row += count;
        }
    }

    /// <summary>Sums some parts of a tile's keys, each by itself.</summary>
    private void AttendPiece(in AttentionSplits.Piece piece, int head, AttentionScratch scratch)
    {
        ref readonly var split = ref _splits.SplitAt(piece.SplitIndex);
        ref readonly var tile = ref _plan.Tile(split.Tile);
        var keys = Rows(tile.Sequence, head);
        GatherQueries(tile, head, scratch, 0);
        for (var first = piece.FirstKey; first < piece.EndKey; first += PartKeys)
        {
            scratch.ResetPart(0, split.Rows);
            var start = Math.Max(first, Math.Max(0, tile.FirstPosition - _window + 1) / BlockKeys * BlockKeys);
            AttendBlocks(keys, start, Math.Min(first + PartKeys, piece.EndKey), piece.EndKey, new(tile.FirstPosition, 0, split.Rows), scratch);
            for (var row = 0; row < split.Rows; row++)
            {
                var part = _splits.PartRow(split, head, (first - split.FirstKey) / PartKeys, row);
                _kernels.Scale(scratch.Outputs + (nint)row * scratch.OutputColumns, 1, part, scratch.OutputColumns);
                (part[scratch.OutputColumns], part[scratch.OutputColumns + 1]) = (scratch.Largest[row], scratch.Sums[row]);
            }
        }
    }

    private void JoinParts(in AttentionSplits.Split split, int head, AttentionScratch scratch)
    {
        scratch.ResetTotals(split.Rows);
        for (var part = 0; part < split.Parts; part++)
        {
            for (var row = 0; row < split.Rows; row++)
            {
                var sums = _splits.PartRow(split, head, part, row);
                scratch.Join(row, sums[scratch.OutputColumns], sums[scratch.OutputColumns + 1], sums);
            }
        }

        ScatterOutputs(_plan.Tile(split.Tile), head, scratch, 0);
    }

    /// <summary>None where a window hides one of them from somebody.</summary>
    private int SharedKeys(in StepPlan.TileGroup group)
    {
        for (var i = 0; i < group.Tiles; i++)
        {
            ref readonly var tile = ref _plan.Tile(group.FirstTile + i);
            if (tile.FirstPosition + tile.Tokens > _window) return 0;
        }

        return group.SharedTokens;
    }

    private HeadRows Rows(int sequence, int head)
    {
        var layout = _pool.Layout;
        return new HeadRows(_plan.Batch.Pages(sequence), _pool.Keys(0, _layer) + (nint)(_firstHead + head) * layout.HeadBytes, layout.PageBytes, layout.PlaneBytes,
            (nint)layout.KvHeads * layout.HeadBytes, BitOperations.Log2((uint)layout.PageSizeTokens), layout.HeadBytes);
    }

    /// <summary>Keys from a block's first up to an end, which add to the part they are in and end the parts before.</summary>
    private void AttendKeys(in HeadRows keys, int start, int end, in QueryRows queries, AttentionScratch scratch)
    {
        for (var first = start; first < end;)
        {
            var partEnd = first / PartKeys * PartKeys + PartKeys;
            AttendBlocks(keys, first, Math.Min(partEnd, end), end, queries, scratch);
            if (partEnd <= end) scratch.EndPart(queries.First, queries.Count);
            first = partEnd;
        }
    }

    private void AttendBlocks(in HeadRows keys, int start, int end, int lastWanted, in QueryRows queries, AttentionScratch scratch)
    {
        for (var first = start; first < end; first += BlockKeys) Block(keys, first, Math.Min(BlockKeys, end - first), lastWanted, queries, scratch);
    }

    /// <summary>A block of keys for some rows. With few rows, packing and computing take turns, so that memory is read all the while.</summary>
    private void Block(in HeadRows keys, int first, int count, int lastWanted, in QueryRows queries, AttentionScratch scratch)
    {
        var panelColumns = _kernels.PanelColumns;
        var step = queries.Count <= FewRows ? panelColumns : BlockKeys;
        var scores = scratch.Scores + (nint)queries.First * BlockKeys;
        var outputs = scratch.Outputs + (nint)queries.First * scratch.OutputColumns;
        var query = scratch.Queries + (nint)queries.First * _headDim;
        for (var i = 0; i < count; i += step)
        {
            var some = Math.Min(step, count - i);
            scratch.PackKeys(keys, first + i, some, lastWanted, i);
            Tiles(queries.Count, query, _headDim, scratch.KeyPanels + i / panelColumns * scratch.KeyPanelBytes, scratch.KeyPanelBytes, (some + panelColumns - 1) / panelColumns,
                _headDim, scores + i, BlockKeys, false);
        }

        Weigh(queries, first, count, scratch);
        for (var i = 0; i < count; i += step)
        {
            var some = Math.Min(step, count - i);
            scratch.PackValues(keys, first + i, some, lastWanted, i);
            Tiles(queries.Count, scores + i, BlockKeys, scratch.ValuePanels + (nint)i * panelColumns * sizeof(float), scratch.ValuePanelBytes, scratch.OutputColumns / panelColumns,
                some, outputs, scratch.OutputColumns, true);
        }
    }

    /// <summary>Turns a block's scores into weights.</summary>
    private void Weigh(in QueryRows queries, int first, int count, AttentionScratch scratch)
    {
        var padded = (count + _kernels.PanelColumns - 1) / _kernels.PanelColumns * _kernels.PanelColumns;
        for (var row = queries.First; row < queries.First + queries.Count; row++)
        {
            var position = queries.Position + (row - queries.First) / _group;
            var visible = Math.Min(count, position + 1 - first);
            var hidden = Math.Max(0, position - _window + 1 - first);
            var scores = scratch.Scores + (nint)row * BlockKeys;
            if (_softcap > 0) _kernels.SoftCap(scores, padded, _softcap);
            if (visible > hidden && hidden > 0) new Span<float>(scores, hidden).Fill(float.NegativeInfinity);
            if (visible > hidden) _kernels.SoftmaxBlock(scores, visible, padded, scratch.Largest + row, scratch.Sums + row, scratch.Outputs + (nint)row * scratch.OutputColumns, scratch.OutputColumns);
            else new Span<float>(scores, count).Clear();
        }
    }

    private void Tiles(int rows, float* a, nint lda, byte* panels, nint panelBytes, int panelCount, nint k, float* c, nint ldc, bool accumulate)
    {
        for (var row = 0; row < rows;)
        {
            var tileRows = _kernels.NextTile(rows - row);
            _kernels.Tile(WeightDtype.F32, tileRows)(a + row * lda, lda, tileRows, panels, panelBytes, panelCount, k, c + row * ldc, ldc, accumulate);
            row += tileRows;
        }
    }

    private long Multiplies()
    {
        long keys = 0;
        for (var i = 0; i < _plan.TileCount; i++) keys += _plan.Tile(i).Tokens * (long)(_plan.Tile(i).FirstPosition + _plan.Tile(i).Tokens);
        return keys * _group * _kvHeads * _headDim;
    }

    /// <summary>Row t * group + g of the tile's queries, from its first row on, is query head g of token t, scaled.</summary>
    private void GatherQueries(in StepPlan.QueryTile tile, int head, AttentionScratch scratch, int firstRow)
    {
        var target = scratch.Queries + (nint)firstRow * _headDim;
        for (var token = 0; token < tile.Tokens; token++)
        {
            var source = _query + (tile.FirstRow + token) * _ldq + (nint)head * _group * _headDim;
            _kernels.Scale(source, _scale, target, _group * _headDim);
            target += _group * _headDim;
        }
    }

    private void ScatterOutputs(in StepPlan.QueryTile tile, int head, AttentionScratch scratch, int firstRow)
    {
        for (var row = 0; row < tile.Tokens * _group; row++)
        {
            var from = firstRow + row;
            var target = _target + (tile.FirstRow + row / _group) * _ldt + ((nint)head * _group + row % _group) * _headDim;
            _kernels.Scale(scratch.Totals + (nint)from * scratch.OutputColumns, 1 / scratch.TotalSums[from], target, _headDim);
        }
    }

    /// <summary>Neighbouring rows of a scratch.</summary>
    /// <param name="Position">Of the first row's token.</param>
    private readonly record struct QueryRows(int Position, int First, int Count);

    /// <summary>Brings the parts of split tiles together. An item is one of them with one key head.</summary>
    private sealed class JoinWork(AttentionWork attention) : ComputeWork
    {
        public override void Execute(int item, int worker) =>
            attention.JoinParts(attention._splits.SplitAt(item / attention._kvHeads), item % attention._kvHeads, attention._scratch[worker]);
    }
}
