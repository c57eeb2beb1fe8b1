using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Ranks;

/// <summary>
/// What the ranks of a model bring together within a step: embeddings, what each adds to the residual stream, and logits. Sums are formed in
/// the order of the ranks by every rank for itself, so that all of them go on with the same bits, whatever else is in the step.
/// </summary>
internal sealed unsafe class RankJoin : ComputeWork
{
    private const int ItemRows = 8;
    private const int SerialElements = 30_000;

    private readonly RankGroup _group;
    private readonly KernelTable _kernels;
    private readonly ModelShard _shard;
    private readonly int _columns;
    private readonly int _stride;
    private readonly int _logitColumns;
    private readonly int _logitRows;

    private float* _target;
    private int _rows;
    private bool _adds;

    /// <exception cref="ArgumentException">The group is of another number of ranks, or its buffers are too small.</exception>
    public RankJoin(RankGroup group, KernelTable kernels, ModelShard shard, int maxBatchTokens)
    {
        if (group.Ranks != shard.Ranks || group.Rank != shard.Rank)
            throw new ArgumentException($"The weights are of rank {shard.Rank} of {shard.Ranks}; the group is seen from rank {group.Rank} of {group.Ranks}.", nameof(group));
        var needed = BufferFloats(shard.Model, shard.Ranks, maxBatchTokens);
        if (group.BufferFloats < needed) throw new ArgumentException($"The group's buffers hold {group.BufferFloats} numbers; {needed} are needed.", nameof(group));
        (_group, _kernels, _shard) = (group, kernels, shard);
        // Products write whole panels; what lies between them and the next row is whatever was there before.
        _columns = (shard.Model.HiddenSize + kernels.PanelColumns - 1) / kernels.PanelColumns * kernels.PanelColumns;
        _stride = RunnerBuffers.Padded(shard.Model.HiddenSize);
        _logitColumns = LogitColumns(shard.Model, shard.Ranks);
        _logitRows = (int)Math.Min(maxBatchTokens, group.BufferFloats / _logitColumns);
    }

    /// <summary>Where this rank writes what it adds to the residual stream. Shape <c>[rows, padded hidden]</c>.</summary>
    public float* Mine => _group.Mine;

    /// <summary>Numbers that a rank has for an exchange at most.</summary>
    public static long BufferFloats(ModelConfig model, int ranks, int maxBatchTokens) =>
        Math.Max((long)maxBatchTokens * RunnerBuffers.Padded(model.HiddenSize), LogitColumns(model, ranks));

    /// <summary>Reads tokens' embeddings, each at the rank that has it.</summary>
    /// <param name="hidden">Shape <c>[tokens, stride]</c>; padding is left as it is.</param>
    public void Embed(ReadOnlySpan<int> tokens, ModelWeights weights, float* hidden)
    {
        for (var row = 0; row < tokens.Length; row++)
        {
            if (_shard.RankOf(tokens[row]) == _shard.Rank) weights.CopyEmbedding(tokens[row], _group.Mine + (nint)row * _stride);
        }

        _group.Exchange();
        var bytes = (long)_shard.Model.HiddenSize * sizeof(float);
        for (var row = 0; row < tokens.Length; row++)
            Buffer.MemoryCopy(_group.Of(_shard.RankOf(tokens[row])) + (nint)row * _stride, hidden + (nint)row * _stride, bytes, bytes);
    }

    /// <summary>Clears <see cref="Mine"/>, for what is added up in it.</summary>
    public void ClearMine(int rows) => new Span<float>(_group.Mine, rows * _stride).Clear();

    /// <summary>Brings what all ranks wrote to <see cref="Mine"/> together.</summary>
    /// <param name="target">Shape <c>[rows, stride]</c>.</param>
    /// <param name="adds">Whether it is added to what is there.</param>
    public void Sum(ComputeThreads threads, float* target, int rows, bool adds)
    {
        _group.Exchange();
        (_rows, _adds) = (rows, adds);
        _target = target;
        threads.Run(this, (rows + ItemRows - 1) / ItemRows, rows * _columns * _shard.Ranks >= SerialElements);
    }

    public override void Execute(int item, int worker)
    {
        nint first = item * ItemRows;
        var rows = Math.Min(ItemRows, _rows - (int)first);
        var target = _target + first * _stride;
        for (var rank = 0; rank < _shard.Ranks; rank++)
        {
            var part = _group.Of(rank) + first * _stride;
            if (rank == 0 && !_adds) _kernels.Store(part, _stride, rows, _columns, null, target, _stride);
            else _kernels.Add(part, _stride, rows, _columns, null, target, _stride);
        }
    }

    /// <summary>Computes logits, each at the rank that has its token; rank 0 gets all of them.</summary>
    /// <param name="x">Normalized rows. Shape <c>[rows, stride]</c>.</param>
    /// <param name="head">Of this rank's tokens.</param>
    /// <param name="logits">At rank 0: shape <c>[rows, columns]</c>. Elsewhere not used.</param>
    public void Logits(ComputeThreads threads, MatrixProducts products, float* x, int rows, WeightMatrix head, float* logits, int columns)
    {
        for (var first = 0; first < rows; first += _logitRows)
        {
            var count = Math.Min(_logitRows, rows - first);
            var target = logits + (nint)first * columns;
            var own = _shard.Rank == 0 ? target : _group.Mine;
            var stride = _shard.Rank == 0 ? columns : _logitColumns;
            products.Run(threads, x + (nint)first * _stride, _stride, count, head, null, own, stride, GemmEnd.Store);
            _group.Exchange();
            if (_shard.Rank == 0) Collect(target, columns, count);
        }
    }

    private void Collect(float* logits, int columns, int rows)
    {
        for (var rank = 1; rank < _shard.Ranks; rank++)
        {
            var first = _shard.FirstTokenOf(rank);
            var part = _group.Of(rank);
            var bytes = (long)(_shard.FirstTokenOf(rank + 1) - first) * sizeof(float);
            for (nint row = 0; row < rows; row++) Buffer.MemoryCopy(part + row * _logitColumns, logits + row * columns + first, bytes, bytes);
        }
    }

    /// <summary>Of the rank that has the most tokens.</summary>
    private static int LogitColumns(ModelConfig model, int ranks) => RunnerBuffers.Padded((model.VocabSize + ranks - 1) / ranks);
}
