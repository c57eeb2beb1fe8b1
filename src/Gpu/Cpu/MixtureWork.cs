using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// A feed-forward layer of experts (Shazeer et al., 2017): the router gives each token some of them, and each expert computes
/// the tokens that it got together. A token's experts are added in the order of their numbers, whoever else is in the step.
/// </summary>
internal sealed unsafe class MixtureWork : IDisposable
{
    private readonly KernelTable _kernels;
    private readonly MatrixProducts _products;
    private readonly ModelConfig _config;
    private readonly int _scoreColumns;
    private readonly int _feedForwardColumns;
    private readonly NativeBuffer _scores;
    private readonly NativeBuffer _rows;
    private readonly NativeBuffer _gated;
    private readonly NativeBuffer _outputs;
    private readonly int[] _chosen;
    private readonly float[] _shares;
    private readonly int[] _members;
    private readonly float[] _memberShares;

    /// <param name="maxRows">Tokens of the largest step.</param>
    public MixtureWork(KernelTable kernels, ModelConfig config, MatrixProducts products, int maxRows)
    {
        (_kernels, _products, _config) = (kernels, products, config);
        (_scoreColumns, _feedForwardColumns) = (RunnerBuffers.Padded(config.Experts), RunnerBuffers.Padded(config.IntermediateSize));
        var hidden = RunnerBuffers.Padded(config.HiddenSize);
        _scores = NativeBuffer.OfFloats((long)maxRows * _scoreColumns);
        _rows = NativeBuffer.OfFloats((long)maxRows * hidden);
        _gated = NativeBuffer.OfFloats((long)maxRows * _feedForwardColumns);
        _outputs = NativeBuffer.OfFloats((long)maxRows * hidden);
        _chosen = new int[maxRows * config.ExpertsPerToken];
        _shares = new float[maxRows * config.ExpertsPerToken];
        _members = new int[maxRows];
        _memberShares = new float[maxRows];
    }

    /// <param name="normed">Shape <c>[rows, columns]</c>.</param>
    /// <param name="hidden">Added to. The same shape.</param>
    public void Run(ComputeThreads threads, LayerWeights layer, float* normed, float* hidden, int columns, int rows)
    {
        _products.Run(threads, normed, columns, rows, layer.Router!, null, _scores.Floats, _scoreColumns, GemmEnd.Store);
        for (var row = 0; row < rows; row++) Choose(row);
        for (var expert = 0; expert < _config.Experts; expert++)
        {
            var count = Members(expert, rows);
            if (count > 0) Expert(threads, layer.FeedForward[expert], normed, hidden, columns, count);
        }
    }

    public void Dispose()
    {
        _scores.Dispose();
        _rows.Dispose();
        _gated.Dispose();
        _outputs.Dispose();
    }

    private void Expert(ComputeThreads threads, FeedForwardWeights weights, float* normed, float* hidden, int columns, int count)
    {
        var rowBytes = (long)columns * sizeof(float);
        for (var i = 0; i < count; i++) Buffer.MemoryCopy(normed + (nint)_members[i] * columns, _rows.Floats + (nint)i * columns, rowBytes, rowBytes);
        _products.Run(threads, _rows.Floats, columns, count, weights.GateUp, weights.GateUpBias, _gated.Floats, _feedForwardColumns, GemmEnd.SwiGlu);
        _products.Run(threads, _gated.Floats, _feedForwardColumns, count, weights.Down, weights.DownBias, _outputs.Floats, columns, GemmEnd.Store);
        for (var i = 0; i < count; i++)
        {
            var output = _outputs.Floats + (nint)i * columns;
            _kernels.Scale(output, _memberShares[i], output, columns);
            _kernels.Add(output, columns, 1, columns, null, hidden + (nint)_members[i] * columns, columns);
        }
    }

    /// <summary>The best experts of a token and their shares: softmax over all, perhaps brought to a sum of 1. The lower number wins a tie.</summary>
    private void Choose(int row)
    {
        var scores = new Span<float>(_scores.Floats + (nint)row * _scoreColumns, _config.Experts);
        var most = float.NegativeInfinity;
        foreach (var score in scores) most = MathF.Max(most, score);
        var total = 0f;
        foreach (var score in scores) total += MathF.Exp(score - most);
        var first = row * _config.ExpertsPerToken;
        var chosenTotal = 0f;
        for (var i = first; i < first + _config.ExpertsPerToken; i++)
        {
            var best = 0;
            for (var expert = 1; expert < scores.Length; expert++)
            {
                if (scores[expert] > scores[best]) best = expert;
            }

            (_chosen[i], _shares[i]) = (best, MathF.Exp(scores[best] - most) / total);
            chosenTotal += _shares[i];
            scores[best] = float.NegativeInfinity;
        }

        if (!_config.NormalizeExperts) return;
        for (var i = first; i < first + _config.ExpertsPerToken; i++) _shares[i] /= chosenTotal;
    }

    /// <summary>Finds the tokens that an expert got.</summary>
    private int Members(int expert, int rows)
    {
        var count = 0;
        for (var i = 0; i < rows * _config.ExpertsPerToken; i++)
        {
            if (_chosen[i] == expert) (_members[count], _memberShares[count++]) = (i / _config.ExpertsPerToken, _shares[i]);
        }

        return count;
    }
}
