using System.Numerics;
using ActorInference.Actors.Kv;
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
/// the batch: so a query's sums are always formed in the same order. Keys it may not see have weight 0, which adds nothing.
/// Sequences that share their first pages read them once for all, and the rest each by itself.
/// </remarks>
internal sealed unsafe class AttentionWork : ComputeWork, IDisposable
{
    public const int BlockKeys = 64;

    private const int TargetTileRows = 96;
    private const long SerialMultiplies = 50_000;

    private readonly KernelTable _kernels;
    private readonly KvPagePool _pool;
    private readonly StepPlan _plan;
    private readonly AttentionScratch[] _scratch;
    private readonly int _headDim;
    private readonly int _kvHeads;
    private readonly int _pageHeads;
    private readonly int _firstHead;
    private readonly int _group;
    private readonly int _pageSize;
    private readonly int _pageShift;
    private readonly KvDtype _dtype;
    private readonly int _headBytes;
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
        (_kernels, _pool, _plan) = (kernels, pool, plan);
        (_pageHeads, _firstHead) = (pool.Layout.KvHeads, shard.FirstKvHead);
        (_headDim, _kvHeads, _group) = (config.HeadDim, config.KvHeads, config.Heads / config.KvHeads);
        _pageSize = pool.Layout.PageSizeTokens;
        _pageShift = BitOperations.Log2((uint)_pageSize);
        _dtype = pool.Layout.Dtype;
        _headBytes = pool.Layout.HeadBytes;
        _scale = config.AttentionScale ?? 1 / MathF.Sqrt(config.HeadDim);
        _softcap = config.AttentionSoftcap;
        _config = config;
        _scratch = new AttentionScratch[threads];
        for (var i = 0; i < threads; i++)
            _scratch[i] = new AttentionScratch(TileTokens(config) * _group, _headDim, kernels.PanelColumns);
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
        threads.Run(this, _plan.GroupCount * _kvHeads, Multiplies() >= SerialMultiplies);
    }

    public override void Execute(int item, int worker)
    {
        // The last tile of a long prompt sees the most keys; it goes first, so that no thread is left with it at the end.
        ref readonly var group = ref _plan.Group(_plan.GroupCount - 1 - item / _kvHeads);
        var head = item % _kvHeads;
        var scratch = _scratch[worker];
        var rows = 0;
        for (var i = 0; i < group.Tiles; i++)
        {
            GatherQueries(_plan.Tile(group.FirstTile + i), head, scratch, rows);
            rows += _plan.Tile(group.FirstTile + i).Tokens * _group;
        }

        scratch.Reset(rows);
        var shared = SharedKeys(group);
        AttendShared(_plan.Batch.Pages(_plan.Tile(group.FirstTile).Sequence), shared, rows, head, scratch);
        var row = 0;
        for (var i = 0; i < group.Tiles; i++)
        {
            ref readonly var tile = ref _plan.Tile(group.FirstTile + i);
            AttendOwn(tile, shared, row, head, scratch);
            ScatterOutputs(tile, head, scratch, row);
            row += tile.Tokens * _group;
        }
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch) scratch.Dispose();
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

    /// <summary>Keys that all rows see.</summary>
    private void AttendShared(ReadOnlySpan<int> pages, int keys, int rows, int head, AttentionScratch scratch)
    {
        for (var first = 0; first < keys; first += BlockKeys)
        {
            PackBlock(pages, first, BlockKeys, head, scratch);
            // As if all were the first token after them.
            Block(keys, first, BlockKeys, 0, rows, scratch);
        }
    }

    /// <summary>A tile's keys after those that it shares.</summary>
    private void AttendOwn(in StepPlan.QueryTile tile, int shared, int row, int head, AttentionScratch scratch)
    {
        var keys = tile.FirstPosition + tile.Tokens;
        var pages = _plan.Batch.Pages(tile.Sequence);
        // Blocks that lie before the windows of all queries are left out.
        var start = Math.Max(shared, Math.Max(0, tile.FirstPosition - _window + 1) / BlockKeys * BlockKeys);
        for (var first = start; first < keys; first += BlockKeys)
        {
            var count = Math.Min(BlockKeys, keys - first);
            PackBlock(pages, first, count, head, scratch);
            Block(tile.FirstPosition, first, count, row, tile.Tokens * _group, scratch);
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

    /// <summary>Brings a block of keys and values from their pages into panels.</summary>
    private void PackBlock(ReadOnlySpan<int> pages, int first, int count, int head, AttentionScratch scratch)
    {
        if (_dtype != KvDtype.F32 || _pageSize < Transpose.Rows)
        {
            for (var i = 0; i < count; i++) GatherRow(pages, first + i, i, head, scratch);
            scratch.Pack(_kernels, scratch.KeyRows, scratch.ValueRows, _headDim, 0, count);
            return;
        }

        // Pages and blocks are both aligned, so that a run within a page begins at a multiple of eight in the block.
        for (var i = 0; i < count;)
        {
            var slot = (first + i) & (_pageSize - 1);
            var run = Math.Min(_pageSize - slot, count - i);
            var page = pages[(first + i) >> _pageShift];
            var element = (slot * _pageHeads + _firstHead + head) * _headDim;
            scratch.Pack(_kernels, (float*)_pool.Keys(page, _layer) + element, (float*)_pool.Values(page, _layer) + element, _pageHeads * _headDim, i, run);
            i += run;
        }
    }

    private void GatherRow(ReadOnlySpan<int> pages, int position, int row, int head, AttentionScratch scratch)
    {
        var page = pages[position >> _pageShift];
        var offset = ((position & (_pageSize - 1)) * _pageHeads + _firstHead + head) * (nint)_headBytes;
        Widen(_pool.Keys(page, _layer) + offset, scratch.KeyRows + row * _headDim);
        Widen(_pool.Values(page, _layer) + offset, scratch.ValueRows + row * _headDim);
    }

    private void Widen(byte* source, float* target)
    {
        if (_dtype == KvDtype.F32) _kernels.Scale((float*)source, 1, target, _headDim);
        else if (_dtype == KvDtype.F16) _kernels.WidenF16((ushort*)source, target, _headDim);
        else if (_dtype == KvDtype.BF16) _kernels.WidenBF16((ushort*)source, target, _headDim);
        else KvElements.WidenQ8(source, _headDim, target);
    }

    /// <summary>A packed block of keys for some rows.</summary>
    /// <param name="firstPosition">Of the first row's token.</param>
    /// <param name="first">The block's first key.</param>
    private void Block(int firstPosition, int first, int count, int firstRow, int rows, AttentionScratch scratch)
    {
        var panelColumns = _kernels.PanelColumns;
        var keyPanels = (count + panelColumns - 1) / panelColumns;
        var blockScores = scratch.Scores + (nint)firstRow * BlockKeys;
        var outputs = scratch.Outputs + (nint)firstRow * scratch.OutputColumns;
        Tiles(rows, scratch.Queries + (nint)firstRow * _headDim, _headDim, scratch.KeyPanels, scratch.KeyPanelBytes, keyPanels, _headDim, blockScores, BlockKeys, false);
        for (var row = 0; row < rows; row++)
        {
            var position = firstPosition + row / _group;
            var visible = Math.Min(count, position + 1 - first);
            var hidden = Math.Max(0, position - _window + 1 - first);
            var scores = blockScores + row * BlockKeys;
            if (_softcap > 0) _kernels.SoftCap(scores, keyPanels * panelColumns, _softcap);
            if (visible > hidden && hidden > 0) new Span<float>(scores, hidden).Fill(float.NegativeInfinity);
            if (visible > hidden) _kernels.SoftmaxBlock(scores, visible, keyPanels * panelColumns, scratch.Largest + firstRow + row, scratch.Sums + firstRow + row, outputs + row * scratch.OutputColumns, scratch.OutputColumns);
            else new Span<float>(scores, count).Clear();
        }

        Tiles(rows, blockScores, BlockKeys, scratch.ValuePanels, scratch.ValuePanelBytes, scratch.OutputColumns / panelColumns, count, outputs, scratch.OutputColumns, true);
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

    private void ScatterOutputs(in StepPlan.QueryTile tile, int head, AttentionScratch scratch, int firstRow)
    {
        for (var row = 0; row < tile.Tokens * _group; row++)
        {
            var from = firstRow + row;
            var target = _target + (tile.FirstRow + row / _group) * _ldt + ((nint)head * _group + row % _group) * _headDim;
            _kernels.Scale(scratch.Outputs + (nint)from * scratch.OutputColumns, 1 / scratch.Sums[from], target, _headDim);
        }
    }
}
