using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>Cosines and sines of every position's rotations, times the model's factor for them. Shape of each: <c>[positions, headDim / 2]</c>.</summary>
internal sealed unsafe class RopeTable : IDisposable
{
    private readonly NativeBuffer _cos;
    private readonly NativeBuffer _sin;

    public RopeTable(RopeParameters parameters, int headDim, int positions)
    {
        Half = headDim / 2;
        _cos = NativeBuffer.OfFloats((long)positions * Half);
        _sin = NativeBuffer.OfFloats((long)positions * Half);
        var frequencies = parameters.InverseFrequencies(headDim);
        Parallel.For(0, positions, position => Fill(frequencies, parameters.AttentionFactor, position));
    }

    /// <summary>Pairs of a head.</summary>
    public int Half { get; }

    public float* Cos(int position) => _cos.Floats + (nint)position * Half;

    public float* Sin(int position) => _sin.Floats + (nint)position * Half;

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }

    private void Fill(double[] frequencies, double factor, int position)
    {
        for (var i = 0; i < Half; i++)
        {
            var (sin, cos) = Math.SinCos(position * frequencies[i]);
            Cos(position)[i] = (float)(factor * cos);
            Sin(position)[i] = (float)(factor * sin);
        }
    }
}
