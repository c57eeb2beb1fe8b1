using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>Activations of one step. Rows are padded with zeros to whole vectors of the widest kind.</summary>
internal sealed unsafe class RunnerBuffers : IDisposable
{
    private readonly NativeBuffer _hidden;
    private readonly NativeBuffer _normed;
    private readonly NativeBuffer _qkv;
    private readonly NativeBuffer _attended;
    private readonly NativeBuffer _feedForward;
    private NativeBuffer _logits = new(0);

    public RunnerBuffers(ModelConfig config, int rows)
    {
        HiddenColumns = Padded(config.HiddenSize);
        // Room for the padding of a part that begins off the border of a panel.
        QkvColumns = Padded(config.QuerySize + 2 * config.KvSize) + Padded(1);
        AttendedColumns = Padded(config.QuerySize);
        FeedForwardColumns = Padded(config.IntermediateSize);
        LogitColumns = Padded(config.VocabSize);
        _hidden = NativeBuffer.OfFloats((long)rows * HiddenColumns);
        _normed = NativeBuffer.OfFloats((long)rows * HiddenColumns);
        _qkv = NativeBuffer.OfFloats((long)rows * QkvColumns);
        _attended = NativeBuffer.OfFloats((long)rows * AttendedColumns);
        _feedForward = NativeBuffer.OfFloats((long)rows * FeedForwardColumns);
    }

    public int HiddenColumns { get; }

    public int QkvColumns { get; }

    public int AttendedColumns { get; }

    public int FeedForwardColumns { get; }

    public int LogitColumns { get; }

    /// <summary>The residual stream.</summary>
    public float* Hidden => _hidden.Floats;

    /// <summary>The residual stream, normalized for the next product.</summary>
    public float* Normed => _normed.Floats;

    /// <summary>Queries, keys and values side by side.</summary>
    public float* Qkv => _qkv.Floats;

    public float* Attended => _attended.Floats;

    public float* FeedForward => _feedForward.Floats;

    public float* Logits => _logits.Floats;

    /// <summary>Makes room for so many rows of logits.</summary>
    public void ReserveLogits(int rows)
    {
        var bytes = (long)rows * LogitColumns * sizeof(float);
        if (_logits.LengthBytes >= bytes) return;
        _logits.Dispose();
        _logits = new NativeBuffer(bytes);
    }

    public void Dispose()
    {
        _hidden.Dispose();
        _normed.Dispose();
        _qkv.Dispose();
        _attended.Dispose();
        _feedForward.Dispose();
        _logits.Dispose();
    }

    /// <summary>Columns rounded up to a panel of the widest vectors.</summary>
    public static int Padded(int columns) => (columns + 31) / 32 * 32;
}
