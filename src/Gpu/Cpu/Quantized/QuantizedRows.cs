using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// Activations as signed bytes: every 32 of a row share a scale, their largest magnitude over 127. A row's bytes depend on
/// nothing but the row.
/// </summary>
internal sealed unsafe class QuantizedRows : ComputeWork, IDisposable
{
    private const int ItemRows = 8;
    private const int SerialElements = 16_384;

    private NativeBuffer _bytes = new(0);
    private NativeBuffer _scales = new(0);
    private NativeBuffer _sums = new(0);
    private float* _x;
    private nint _ldx;
    private int _rows;

    /// <summary>Shape <c>[rows, inputs]</c>.</summary>
    public sbyte* Bytes => (sbyte*)_bytes.Data;

    /// <summary>Shape <c>[rows, blocks]</c>.</summary>
    public float* Scales => _scales.Floats;

    /// <summary>The sum of each block's bytes, times its scale. Shape <c>[rows, blocks]</c>.</summary>
    public float* Sums => _sums.Floats;

    public int Inputs { get; private set; }

    /// <summary>Blocks of a row.</summary>
    public int Blocks => Inputs / QuantLayouts.BlockInputs;

    /// <summary>Takes the first inputs of each row of x; a multiple of 32.</summary>
    public void Set(ComputeThreads threads, float* x, nint ldx, int rows, int inputs)
    {
        (_ldx, _rows, Inputs) = (ldx, rows, inputs);
        _x = x;
        Reserve(ref _bytes, (long)rows * inputs);
        Reserve(ref _scales, (long)rows * Blocks * sizeof(float));
        Reserve(ref _sums, (long)rows * Blocks * sizeof(float));
        threads.Run(this, (rows + ItemRows - 1) / ItemRows, (long)rows * inputs > SerialElements);
    }

    public override void Execute(int item, int worker)
    {
        for (var row = item * ItemRows; row < Math.Min(_rows, (item + 1) * ItemRows); row++)
        {
            long block = (long)row * Blocks;
            Quantize(_x + row * _ldx, Blocks, Bytes + (long)row * Inputs, Scales + block, Sums + block);
        }
    }

    public void Dispose()
    {
        _bytes.Dispose();
        _scales.Dispose();
        _sums.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize(float* x, int blocks, sbyte* bytes, float* scales, float* sums)
    {
        for (var block = 0; block < blocks; block++, x += 32, bytes += 32)
        {
            Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 8), x2 = Vector256.Load(x + 16), x3 = Vector256.Load(x + 24);
            var most = Vector256.Max(Vector256.Max(Vector256.Abs(x0), Vector256.Abs(x1)), Vector256.Max(Vector256.Abs(x2), Vector256.Abs(x3)));
            var largest = Largest(most);
            var scale = largest / 127;
            // A block so small that its inverse overflows is as good as zero.
            var inverse = scale > float.MinValue && 1 / scale is var i && float.IsFinite(i) ? Vector256.Create(i) : Vector256<float>.Zero;
            Vector256<int> q0 = Rounded(x0 * inverse), q1 = Rounded(x1 * inverse), q2 = Rounded(x2 * inverse), q3 = Rounded(x3 * inverse);
            Vector256.Narrow(Vector256.Narrow(q0, q1), Vector256.Narrow(q2, q3)).Store(bytes);
            scales[block] = scale;
            sums[block] = scale * Vector256.Sum(q0 + q1 + (q2 + q3));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Rounded(Vector256<float> x) => Vector256.ConvertToInt32(Vector256.Round(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector256<float> v)
    {
        var four = Vector128.Max(v.GetLower(), v.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(two.GetElement(0), two.GetElement(1));
    }

    private static void Reserve(ref NativeBuffer buffer, long bytes)
    {
        if (buffer.LengthBytes >= bytes) return;
        buffer.Dispose();
        buffer = new NativeBuffer(bytes);
    }
}
