using System.Numerics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Ranks;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>
/// Runs a model on a CUDA device. Steps in which every sequence has one token are recorded, for each power of two of sequences, and
/// launched as a whole. Tokens are chosen on the device where the batch says how, and one step may be launched while another is under way.
/// </summary>
/// <remarks>
/// Weights and pool are the caller's and must outlive the runner; the pool's memory must be the device's too. All memory is taken when the runner
/// is made, or grows with a larger step than any before; a step that fails for want of memory leaves nothing behind.
/// </remarks>
public sealed class CudaModelRunner : ISamplingRunner
{
    private const int MaxRecordedRows = CudaStepPlan.SmallRows;

    private static readonly Version LeastToOverlap = new(9, 0);

    private readonly CudaWeights _weights;
    private readonly CudaDevice _device;
    private readonly List<IDisposable> _owned = [];
    private readonly CudaStepPlan _plan;
    private readonly CudaForward _forward;
    private readonly CudaLogits _logits;
    private readonly CudaTokens _tokens;
    private readonly CudaStep[] _steps;
    private readonly CudaGraphs? _graphs;
    private readonly DeviceGroup? _group;
    private readonly HashSet<CudaGraphs.Shape> _seen = [];
    private readonly bool _overlapsLaunches;
    private (int Plan, int Logits) _recordedVersion;
    private long _launched;
    private long _waited;

    /// <exception cref="ArgumentException">The pool's pages don't fit the model, or an option is out of range.</exception>
    /// <exception cref="CudaMemoryException">The device has not the memory.</exception>
    /// <exception cref="CudaLibraryException">A kernel does not compile for the device.</exception>
    public CudaModelRunner(CudaWeights weights, KvPagePool pool, CudaRunnerOptions options)
        : this(weights, pool, options, null)
    {
    }

    /// <param name="group">Of the ranks that have the other parts of the model; null where the weights are all of it.</param>
    internal CudaModelRunner(CudaWeights weights, KvPagePool pool, CudaRunnerOptions options, DeviceGroup? group)
    {
        CheckRanks(weights, group);
        var config = weights.Config;
        CheckLayout(group is { Rank: > 0 } ? weights.Shard.Config : config, pool);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxBatchTokens);
        (_weights, _device, _group, Pages, MaxBatchTokens) = (weights, weights.Device, group, pool, options.MaxBatchTokens);
        MaxContextTokens = RunnerPool.ContextTokens(config, pool, options.MaxContextTokens);
        try
        {
            _device.Enter();
            var kernels = new CudaKernels(_device, weights.Shard.Config, weights.Activations, pool.Layout.Dtype);
            var rows = CudaProducts.RoundRows(MaxBatchTokens);
            var buffers = Own(new CudaBuffers(_device, weights.Shard.Config, rows, weights.Activations.SizeBytes(), LargestQuantized(weights)));
            _plan = Own(new CudaStepPlan(_device, MaxBatchTokens, kernels.TileTokens));
            _logits = Own(new CudaLogits(_device, config.VocabSize, weights.Head.Outputs, group));
            _tokens = Own(new CudaTokens(_device, MaxBatchTokens, config.VocabSize, group));
            _steps = [Own(new CudaStep(_device, 0, MaxBatchTokens)), Own(new CudaStep(_device, 1, MaxBatchTokens))];
            _forward = Own(new CudaForward(weights, pool, kernels, _plan, buffers, _tokens.Address, MaxContextTokens, group));
            _graphs = options.UseGraphs ? Own(new CudaGraphs(_device)) : null;
            _overlapsLaunches = options.OverlapLaunches && _device.Info.ComputeCapability >= LeastToOverlap;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int VocabSize => _weights.Config.VocabSize;

    public int MaxContextTokens { get; }

    public int MaxBatchTokens { get; }

    public KvPagePool Pages { get; }

    public bool AwaitsLayers => true;

    /// <summary>Steps that are recorded.</summary>
    public int RecordedSteps => _graphs?.Count ?? 0;

    /// <summary>Steps that were launched and not waited for.</summary>
    internal int StepsUnderWay => (int)(_launched - _waited);

    private CudaStep LastLaunched => _steps[(_launched + 1) & 1];

    private CudaStep LastWaited => _steps[(_waited + 1) & 1];

    /// <inheritdoc/>
    /// <exception cref="CudaMemoryException">A larger step than any before, for which there is no memory. Nothing was computed.</exception>
    /// <exception cref="CudaDeviceLostException">The device failed; no later step will work.</exception>
    public void Forward(ForwardBatch batch)
    {
        if (_launched != _waited) throw new InvalidOperationException("A step is under way that was not waited for.");
        Launch(batch);
        Wait();
    }

    /// <inheritdoc/>
    /// <exception cref="CudaMemoryException">A larger step than any before, for which there is no memory. Nothing was launched.</exception>
    /// <exception cref="CudaDeviceLostException">The device failed; no later step will work.</exception>
    public void Launch(ForwardBatch batch)
    {
        CheckLaunch(batch);
        var (before, step) = (LastLaunched, _steps[_launched & 1]);
        _device.Enter();
        step.Batch = batch;
        _plan.Set(step, before, Pages);
        var rounded = (int)BitOperations.RoundUpToPowerOf2((uint)_plan.Rows);
        var isRecorded = _plan.IsDecode && rounded <= Math.Min(MaxRecordedRows, MaxBatchTokens) && _graphs is not null;
        var rows = isRecorded ? rounded : _plan.Rows;
        _logits.Reserve(CudaProducts.RoundRows(isRecorded ? rows : _plan.LogitCount));
        if (isRecorded) LaunchRecorded(rows, batch);
        else _forward.Launch(rows, _plan.LogitCount, _plan.SingleCount, _forward.Attention.Splits(_plan.SingleCount, _plan.LongestSingle), _logits, batch.HasLoads ? batch : null);
        if (_plan.HasChoices) _tokens.Launch(_forward.Launcher, _plan, step.Index, _logits.Address);
        _device.Record(step.Done, _device.Stream);
        _launched++;
    }

    /// <inheritdoc/>
    /// <exception cref="CudaDeviceLostException">The device failed; no later step will work.</exception>
    public void Wait()
    {
        if (_launched == _waited) throw new InvalidOperationException("No step is under way.");
        if (_group is null) _device.Wait(_steps[_waited & 1].Done);
        else _group.Wait(_steps[_waited & 1].Done);
        _waited++;
    }

    /// <summary>Waits for the oldest step if it is done.</summary>
    /// <returns>Whether it was.</returns>
    internal bool TryWait()
    {
        if (!_device.IsReached(_steps[_waited & 1].Done)) return false;
        _waited++;
        return true;
    }

    /// <exception cref="ArgumentException">As by <see cref="Launch"/>.</exception>
    /// <exception cref="InvalidOperationException">As many steps are under way as may be.</exception>
    internal void CheckLaunch(ForwardBatch batch)
    {
        if (_launched - _waited == _steps.Length) throw new InvalidOperationException($"{_steps.Length} steps are under way already.");
        // Another rank than the first may have waited already for the step that this one follows.
        var mayFollow = _launched > _waited || _group is { Rank: > 0 };
        ForwardBatchCheck.Check(batch, this, mayFollow ? LastLaunched.Batch.Count : 0);
    }

    public int Token(int index, int nth = 0)
    {
        var step = LastWaited;
        CheckLogits(step, index, nth);
        if (step.Batch.Choice(index) is null) throw new ArgumentOutOfRangeException(nameof(index), index, "No token was to be chosen for that sequence.");
        return _tokens.Token(step.Index, step.LogitIndexOf[index] + nth);
    }

    public Span<float> Logits(int index, int nth = 0)
    {
        if (_launched != _waited) throw new InvalidOperationException("Another step was launched since; its logits take the place of these.");
        var step = LastWaited;
        CheckLogits(step, index, nth);
        return _logits.Row(step.LogitIndexOf[index] + nth);
    }

    public void Finish()
    {
        if (_launched == _waited || _device.IsLost) return;
        if (_group is null) _device.Wait(LastLaunched.Done);
        else _group.Finish(LastLaunched.Done);
    }

    public void Discard()
    {
        Finish();
        _waited = _launched;
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        _owned.Clear();
    }

    /// <summary>A shape is launched as it is the first time, which finds its algorithms, and recorded the second.</summary>
    private void LaunchRecorded(int rows, ForwardBatch batch)
    {
        for (var layer = 0; batch.HasLoads && layer < _weights.Layers.Length; layer++) batch.AwaitLayer(layer);

        if (_recordedVersion != (_plan.Version, _logits.Version))
        {
            _graphs!.Clear();
            _recordedVersion = (_plan.Version, _logits.Version);
        }

        var splits = _forward.Attention.Splits(rows, _plan.LongestSingle);
        var shape = new CudaGraphs.Shape(rows, splits.Keys, splits.Count);
        if (_graphs!.TryLaunch(shape)) return;
        _forward.Launcher.Overlaps = _overlapsLaunches;
        try
        {
            if (_seen.Add(shape)) _forward.Launch(rows, rows, rows, splits, _logits);
            else Record(shape);
        }
        finally
        {
            _forward.Launcher.Overlaps = false;   // What comes from other streams meanwhile is waited for by events.
        }
    }

    private void Record(CudaGraphs.Shape shape)
    {
        _graphs!.Record(shape, () => _forward.Launch(shape.Rows, shape.Rows, shape.Rows, (shape.SplitKeys, shape.SplitCount), _logits));
        _graphs.TryLaunch(shape);
    }

    /// <summary>Launches attention of single queries alone, so many times over all layers; for measurements.</summary>
    internal void LaunchAttention(ForwardBatch batch, int rounds)
    {
        ForwardBatchCheck.Check(batch, this);
        _device.Enter();
        _steps[0].Batch = batch;
        _plan.Set(_steps[0], _steps[1], Pages);
        var splits = _forward.Attention.Splits(_plan.SingleCount, _plan.LongestSingle);
        for (var i = 0; i < rounds * _weights.Layers.Length; i++) _forward.Attention.Run(i % _weights.Layers.Length, _plan.SingleCount, splits);
    }

    private static void CheckLogits(CudaStep step, int index, int nth)
    {
        if ((uint)index >= (uint)step.Batch.Count || (uint)nth >= (uint)step.Batch.LogitCount(index))
            throw new ArgumentOutOfRangeException(nameof(index), index, $"Token {nth} of those did not ask for logits.");
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private static long LargestQuantized(CudaWeights weights)
    {
        var matrices = weights.Layers.SelectMany(layer => new[] { layer.Qkv, layer.Output, layer.GateUp, layer.Down }).Append(weights.Head);
        return matrices.Where(matrix => matrix.Form != MatrixForm.Plain).Select(matrix => (long)matrix.Outputs * matrix.Inputs).DefaultIfEmpty().Max();
    }

    private static void CheckRanks(CudaWeights weights, DeviceGroup? group)
    {
        var (shard, ranks) = (weights.Shard, group?.Ranks ?? 1);
        if (shard.Ranks != ranks || shard.Rank != (group?.Rank ?? 0))
            throw new ArgumentException($"The weights are of rank {shard.Rank} of {shard.Ranks}; the group is seen from rank {group?.Rank ?? 0} of {ranks}.", nameof(weights));
    }

    private static void CheckLayout(ModelConfig config, KvPagePool pool)
    {
        RunnerPool.CheckLayout(config, pool);
        var layout = pool.Layout;
        if (CudaSupport.Missing(config, layout.Dtype) is { } missing) throw new ArgumentException($"The model does not run on CUDA devices: {missing}.", nameof(pool));
        if (layout.Dtype.HeadBytes(config.HeadDim) % 16 != 0)
            throw new ArgumentException($"A head of {config.HeadDim} elements of {layout.Dtype} is no whole number of 16-byte loads.", nameof(pool));
    }
}
