using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ActorInference.Gpu.Cpu.Quantized;

/// <summary>
/// Activations as signed bytes: every 32 of a row share a scale, their largest magnitude over 127. A row's bytes depend on
/// nothing but the row. Four rows lie side by side, as a kernel takes them: block after block, in each row after row. A
/// single row lies alone.
/// </summary>
internal sealed unsafe class QuantizedRows : ComputeWork, IDisposable
{
    /// <summary>Rows side by side, when there is more than one.</summary>
    public const int SideRows = 4;

    private const int ItemRows = 2 * SideRows;
    private const int SerialElements = 16_384;

    private NativeBuffer _bytes = new(0);
    private NativeBuffer _scales = new(0);
    private NativeBuffer _sums = new(0);
    private NativeBuffer _halves = new(0);
    private NativeBuffer _starts = new(0);
    private float* _x;
    private nint _ldx;
    private int _rows;

    /// <summary>Shape <c>[rows / stride, blocks, stride, 32]</c>, rows filled up to a multiple of the stride.</summary>
    public sbyte* Bytes => (sbyte*)_bytes.Data;

    /// <summary>Shape <c>[rows / stride, blocks, stride]</c>.</summary>
    public float* Scales => _scales.Floats;

    /// <summary>The sum of each block's bytes, times its scale. Shape as scales.</summary>
    public float* Sums => _sums.Floats;

    /// <summary>The sum of each block's first sixteen bytes, and above it, as another number of 16 bits, that of the others. Shape as scales.</summary>
    public int* Halves => (int*)_halves.Data;

    /// <summary>-128 times the sum of each block's bytes: where a sum begins whose weights are larger by 128. Shape as scales.</summary>
    public int* Starts => (int*)_starts.Data;

    /// <summary>Rows that lie side by side: 1 or <see cref="SideRows"/>.</summary>
    public int Stride { get; private set; } = 1;

    public int Inputs { get; private set; }

    /// <summary>Blocks of a row.</summary>
    public int Blocks => Inputs / QuantLayouts.BlockInputs;

    /// <summary>Takes the first inputs of each row of x; a multiple of 32.</summary>
    public void Set(ComputeThreads threads, float* x, nint ldx, int rows, int inputs)
    {
        (_ldx, _rows, Inputs, Stride) = (ldx, rows, inputs, rows == 1 ? 1 : SideRows);
        _x = x;
        var blocks = (long)(rows + Stride - 1) / Stride * Stride * Blocks;
        Reserve(ref _bytes, blocks * QuantLayouts.BlockInputs);
        Reserve(ref _scales, blocks * sizeof(float));
        Reserve(ref _sums, blocks * sizeof(float));
        Reserve(ref _halves, blocks * sizeof(int));
        Reserve(ref _starts, blocks * sizeof(int));
        threads.Run(this, (rows + ItemRows - 1) / ItemRows, (long)rows * inputs > SerialElements);
    }

    /// <summary>Where a row's block is among all, as kernels count them: to go on from there by the stride.</summary>
    public nint BlockAt(int row, int block) => ((nint)(row / Stride) * Blocks + block) * Stride + row % Stride;

    public override void Execute(int item, int worker)
    {
        for (var row = item * ItemRows; row < Math.Min(_rows, (item + 1) * ItemRows); row++) Quantize(_x + row * _ldx, BlockAt(row, 0));
    }

    public void Dispose()
    {
        _bytes.Dispose();
        _scales.Dispose();
        _sums.Dispose();
        _halves.Dispose();
        _starts.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Quantize(float* x, nint first)
    {
        var bytes = Bytes;
        float* scales = Scales, sums = Sums;
        int* halves = Halves, starts = Starts;
        var (blocks, stride) = (Blocks, Stride);
        for (nint block = first; blocks > 0; blocks--, block += stride, x += 32)
        {
            Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 8), x2 = Vector256.Load(x + 16), x3 = Vector256.Load(x + 24);
            var most = Vector256.Max(Vector256.Max(Vector256.Abs(x0), Vector256.Abs(x1)), Vector256.Max(Vector256.Abs(x2), Vector256.Abs(x3)));
            var largest = Largest(most);
            var scale = largest / 127;
            // A block so small that its inverse overflows is as good as zero.
            var inverse = scale > float.MinValue && 1 / scale is var i && float.IsFinite(i) ? Vector256.Create(i) : Vector256<float>.Zero;
            Vector256<int> q0 = Rounded(x0 * inverse), q1 = Rounded(x1 * inverse), q2 = Rounded(x2 * inverse), q3 = Rounded(x3 * inverse);
            Vector256.Narrow(Vector256.Narrow(q0, q1), Vector256.Narrow(q2, q3)).Store(bytes + 32 * block);
            int low = Vector256.Sum(q0 + q1), high = Vector256.Sum(q2 + q3);
            scales[block] = scale;
            sums[block] = scale * (low + high);
            halves[block] = (low & 0xffff) | high << 16;
            starts[block] = -128 * (low + high);
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
