using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// What one forward step works on, row by row: a row is one new token. Arrays are made once, for the largest step.
/// </summary>
internal sealed class StepPlan(int maxRows, int maxTileTokens)
{
    /// <summary>Queries of one sequence that attend together.</summary>
    public readonly record struct QueryTile(int Sequence, int FirstRow, int Tokens, int FirstPosition);

    private readonly int[] _positions = new int[maxRows];
    private readonly int[] _pages = new int[maxRows];
    private readonly int[] _slots = new int[maxRows];
    private readonly int[] _logitRows = new int[maxRows];
    private readonly int[] _logitIndexOfSequence = new int[maxRows];
    private readonly QueryTile[] _tiles = new QueryTile[maxRows];

    public ForwardBatch Batch { get; private set; } = new();

    public int Rows { get; private set; }

    public int TileCount { get; private set; }

    /// <summary>Rows that want logits.</summary>
    public int LogitCount { get; private set; }

    /// <summary>Position of each row's token in its sequence.</summary>
    public ReadOnlySpan<int> Positions => _positions;

    /// <summary>Page that takes each row's key and value.</summary>
    public ReadOnlySpan<int> Pages => _pages;

    /// <summary>Token within that page.</summary>
    public ReadOnlySpan<int> Slots => _slots;

    /// <summary>Row whose logits are wanted, for each of <see cref="LogitCount"/>.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, LogitCount);

    public ref readonly QueryTile Tile(int index) => ref _tiles[index];

    /// <summary>Row of the logits that belong to a sequence's nth token that asked for them, or -1 if there is none.</summary>
    public int LogitIndex(int sequence, int nth) =>
        (uint)sequence < (uint)Batch.Count && (uint)nth < (uint)Batch.LogitCount(sequence) ? _logitIndexOfSequence[sequence] + nth : -1;

    /// <summary>Lays a checked batch out.</summary>
    public void Set(ForwardBatch batch, KvPagePool pool)
    {
        Batch = batch;
        Rows = batch.TokenCount;
        TileCount = LogitCount = 0;
        var pageSize = pool.Layout.PageSizeTokens;
        for (var sequence = 0; sequence < batch.Count; sequence++)
        {
            AddRows(sequence, pageSize);
            AddTiles(sequence);
            var lastRow = batch.FirstToken(sequence) + batch.Tokens(sequence).Length - 1;
            _logitIndexOfSequence[sequence] = LogitCount;
            for (var back = batch.LogitCount(sequence) - 1; back >= 0; back--) _logitRows[LogitCount++] = lastRow - back;
        }
    }

    private void AddRows(int sequence, int pageSize)
    {
        var row = Batch.FirstToken(sequence);
        var position = Batch.FirstPosition(sequence);
        var pages = Batch.Pages(sequence);
        for (var i = 0; i < Batch.Tokens(sequence).Length; i++, row++, position++)
        {
            _positions[row] = position;
            _pages[row] = pages[position / pageSize];
            _slots[row] = position % pageSize;
        }
    }

    private void AddTiles(int sequence)
    {
        var count = Batch.Tokens(sequence).Length;
        for (var first = 0; first < count; first += maxTileTokens)
        {
            _tiles[TileCount++] = new QueryTile(sequence, Batch.FirstToken(sequence) + first,
                Math.Min(maxTileTokens, count - first), Batch.FirstPosition(sequence) + first);
        }
    }
}
