using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// What one forward step works on, row by row: a row is one new token. Arrays are made once, for the largest step.
/// </summary>
/// <param name="maxRows">New tokens of the largest step.</param>
/// <param name="maxTileTokens">New tokens that attend together.</param>
/// <param name="leastGroups">Sequences whose first pages are the same read them together, but in at least so many groups, for the threads; 0 for each by itself.</param>
internal sealed class StepPlan(int maxRows, int maxTileTokens, int leastGroups = 0)
{
    /// <summary>Fewer tokens in common are not worth it.</summary>
    private const int MinSharedTokens = 2 * AttentionWork.BlockKeys;

    /// <summary>Queries of one sequence that attend together.</summary>
    public readonly record struct QueryTile(int Sequence, int FirstRow, int Tokens, int FirstPosition);

    /// <summary>Neighbouring tiles that read their first keys together.</summary>
    /// <param name="SharedTokens">Keys that are the same for all, and that all see; whole blocks.</param>
    public readonly record struct TileGroup(int FirstTile, int Tiles, int SharedTokens);

    private readonly int[] _positions = new int[maxRows];
    private readonly int[] _pages = new int[maxRows];
    private readonly int[] _slots = new int[maxRows];
    private readonly int[] _logitRows = new int[maxRows];
    private readonly int[] _logitIndexOfSequence = new int[maxRows];
    private readonly QueryTile[] _tiles = new QueryTile[maxRows];
    private readonly TileGroup[] _groups = new TileGroup[maxRows];

    public ForwardBatch Batch { get; private set; } = new();

    public int Rows { get; private set; }

    /// <summary>New tokens of the largest step.</summary>
    public int MaxRows => maxRows;

    public int TileCount { get; private set; }

    public int GroupCount { get; private set; }

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

    public ref readonly TileGroup Group(int index) => ref _groups[index];

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

        GroupTiles(pageSize);
    }

    private void GroupTiles(int pageSize)
    {
        GroupCount = 0;
        var mostTiles = leastGroups > 0 ? TileCount / leastGroups : 1;
        for (var first = 0; first < TileCount; first += _groups[GroupCount - 1].Tiles) _groups[GroupCount++] = Gather(first, mostTiles, pageSize);
    }

    /// <summary>Brings tiles that share the first one's beginning next to it.</summary>
    private TileGroup Gather(int first, int mostTiles, int pageSize)
    {
        var (count, tokens, shared) = (1, _tiles[first].Tokens, 0);
        for (var i = first + 1; i < TileCount && count < mostTiles; i++)
        {
            if (tokens + _tiles[i].Tokens > maxTileTokens) continue;
            var common = SharedTokens(_tiles[first], _tiles[i], pageSize);
            // One with little in common would take from the others what they have.
            if (common < Math.Max(MinSharedTokens, shared / 2)) continue;
            (_tiles[first + count], _tiles[i]) = (_tiles[i], _tiles[first + count]);
            (count, tokens, shared) = (count + 1, tokens + _tiles[first + count].Tokens, count == 1 ? common : Math.Min(shared, common));
        }

        return new TileGroup(first, count, shared);
    }

    /// <summary>Tokens before both tiles whose keys are in the same pages.</summary>
    private int SharedTokens(in QueryTile one, in QueryTile other, int pageSize)
    {
        var pages = Batch.Pages(one.Sequence).CommonPrefixLength(Batch.Pages(other.Sequence));
        var tokens = Math.Min(pages * pageSize, Math.Min(one.FirstPosition, other.FirstPosition));
        return tokens / AttentionWork.BlockKeys * AttentionWork.BlockKeys;
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
