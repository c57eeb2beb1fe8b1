using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>Quantized weights: their blocks, and products with them against sums in double precision.</summary>
public sealed unsafe class QuantizedTests
{
    public static TheoryData<WeightDtype> Types() => [.. Enum.GetValues<WeightDtype>().Where(dtype => dtype.IsQuantized())];

    public static TheoryData<SimdLevel, WeightDtype> Cases()
    {
        var cases = new TheoryData<SimdLevel, WeightDtype>();
        foreach (var simd in Enum.GetValues<SimdLevel>())
        {
            foreach (var dtype in Enum.GetValues<WeightDtype>().Where(dtype => dtype.IsQuantized())) cases.Add(simd, dtype);
        }

        return cases;
    }

    [Theory]
    [InlineData(WeightDtype.Q8_0, 0.004)]
    [InlineData(WeightDtype.Q6_K, 0.02)]
    [InlineData(WeightDtype.Q5_0, 0.035)]
    [InlineData(WeightDtype.Q4_K, 0.06)]
    [InlineData(WeightDtype.Q4_0, 0.07)]
    [InlineData(WeightDtype.Q5_K, 0.03)]
    [InlineData(WeightDtype.Q5_1, 0.035)]
    [InlineData(WeightDtype.Q4_1, 0.07)]
    [InlineData(WeightDtype.IQ4_NL, 0.07)]
    [InlineData(WeightDtype.IQ4_XS, 0.07)]
    [InlineData(WeightDtype.Q3_K, 0.17)]
    [InlineData(WeightDtype.Q2_K, 0.3)]
    public void Values_come_back_as_near_as_the_bits_allow(WeightDtype dtype, double relativeDeviation)
    {
        var random = new Random(1);
        var values = Numbers(random, 256 * 40, spread: 3);
        var back = Widen(dtype, Quantize(dtype, values), values.Length);

        double error = 0, size = 0;
        for (var i = 0; i < values.Length; i++) (error, size) = (error + Math.Pow(back[i] - values[i], 2), size + Math.Pow(values[i], 2));
        Assert.InRange(Math.Sqrt(error / size), 1e-6, 2 * relativeDeviation);
    }

    /// <summary>Blocks written out by hand from the layouts as ggml documents them.</summary>
    [Fact]
    public void Blocks_are_read_as_the_format_lays_them_out()
    {
        byte[] one = [0x00, 0x3c], half = [0x00, 0x38];   // 1 and 0.5 as F16.
        AssertBlock(WeightDtype.Q8_0, [.. half, 2, 0xff, .. new byte[30]], (0, 1), (1, -0.5f), (2, 0));
        AssertBlock(WeightDtype.Q4_0, [.. one, 0x9f, .. Enumerable.Repeat((byte)0x88, 15)], (0, 7), (16, 1), (1, 0));
        AssertBlock(WeightDtype.Q5_0, [.. one, 0x01, 0, 0, 0x80, 0x23, .. new byte[14], 0xf0], (0, 3), (16, -14), (31, 15), (1, -16));

        // Sub-block 0: scale 3, offset 2; sub-block 4: scale 5 + 16, offset 4 + 32.
        var q4k = new byte[144];
        one.CopyTo(q4k, 0);
        half.CopyTo(q4k, 2);
        (q4k[4], q4k[8]) = (3 | 1 << 6, 2 | 2 << 6);
        q4k[12] = 5 | 4 << 4;
        (q4k[16], q4k[16 + 64]) = (7, 9);
        AssertBlock(WeightDtype.Q4_K, q4k, (0, 3 * 7 - 0.5f * 2), (1, -1), (128, 21 * 9 - 0.5f * 36), (129, -18));

        var q6k = new byte[210];
        one.CopyTo(q6k, 208);
        (q6k[192], q6k[192 + 4], q6k[192 + 8]) = (2, 0xff, 3);
        (q6k[0], q6k[128]) = (0x51, 2 | 1 << 4);   // Element 0 is 1 + 32, element 64 is 5 + 16, less 32 each.
        (q6k[64], q6k[160]) = (0x0f, 3);           // Element 128 is 15 + 48.
        AssertBlock(WeightDtype.Q6_K, q6k, (0, 2 * 1), (64, 11), (128, 3 * 31), (1, -64));
    }

    [Fact]
    public void Blocks_with_offsets_thirds_and_tables_are_read_as_the_format_lays_them_out()
    {
        byte[] one = [0x00, 0x3c], half = [0x00, 0x38];   // 1 and 0.5 as F16.
        AssertBlock(WeightDtype.Q4_1, [.. half, .. one, 0x9f, .. new byte[15]], (0, 8.5f), (16, 5.5f), (1, 1));
        AssertBlock(WeightDtype.Q5_1, [.. half, .. one, 0x01, 0, 0, 0x80, 0x23, .. new byte[14], 0xf0], (0, 10.5f), (16, 2), (31, 16.5f), (1, 1));
        AssertBlock(WeightDtype.IQ4_NL, [.. half, 0xf0, 0x87, .. new byte[14]], (0, -63.5f), (16, 56.5f), (1, -5), (17, 0.5f));

        // Sub-block 5: scale 1 + 16, offset 2 + 32, its fifth bits are bit 5.
        var q5k = new byte[176];
        one.CopyTo(q5k, 0);
        half.CopyTo(q5k, 2);
        (q5k[13], q5k[5], q5k[9]) = (1 | 2 << 4, 1 << 6, 2 << 6);
        (q5k[48 + 64], q5k[16]) = (3 << 4, 1 << 5);
        AssertBlock(WeightDtype.Q5_K, q5k, (160, 17 * 19 - 0.5f * 34), (161, -17));

        // Sixteen 9, in the second half's first part: scale 7, offset 5.
        var q2k = new byte[84];
        (q2k[9], q2k[16 + 32 + 16]) = (7 | 5 << 4, 3);
        one.CopyTo(q2k, 80);
        half.CopyTo(q2k, 82);
        AssertBlock(WeightDtype.Q2_K, q2k, (144, 7 * 3 - 0.5f * 5), (145, -2.5f), (0, 0));

        // Sixteen 13: scale 6 + 48 - 32; its element 0 has the third bit, so that nothing is taken from it.
        var q3k = new byte[110];
        (q3k[96 + 5], q3k[104 + 1]) = (6 << 4, 3 << 6);
        (q3k[32 + 32 + 16], q3k[16]) = (2 << 4, 1 << 6);
        one.CopyTo(q3k, 108);
        AssertBlock(WeightDtype.Q3_K, q3k, (208, 22 * 2), (209, 22 * -4), (0, -32 * -4));

        // Part 3: scale 5 + 32 - 32.
        var iq4xs = new byte[136];
        one.CopyTo(iq4xs, 0);
        (iq4xs[2], iq4xs[5], iq4xs[8 + 48]) = (2 << 6, 5 << 4, 0x1f);
        AssertBlock(WeightDtype.IQ4_XS, iq4xs, (96, 5 * 113), (112, 5 * -104), (97, 5 * -127), (0, -32 * -127));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Any_bits_mean_what_the_reference_says_and_packing_keeps_it(WeightDtype dtype)
    {
        const int outputs = 11, inputs = 512, seed = 5;
        var blocks = ReferenceBlocks.Arbitrary(dtype, outputs * inputs / dtype.BlockElements(), new Random(seed));
        var expected = ReferenceBlocks.Widen(dtype, blocks);
        var widened = Widen(dtype, blocks, outputs * inputs);
        using var matrix = Pack(dtype, blocks, outputs, inputs);

        var row = new float[inputs];
        for (var output = 0; output < outputs; output++)
        {
            fixed (float* target = row) matrix.CopyOutput(output, target);
            Assert.Equal(widened.AsSpan(output * inputs, inputs).ToArray(), row);
        }

        var largest = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.InRange(widened[i] - expected[i], -3e-7 * largest, 3e-7 * largest);
    }

    /// <summary>All bits of codes and scales alike, against the largest activations: the sums nearest to the limits of 16 bits.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Extreme_weights_and_activations_do_not_overflow(WeightDtype dtype)
    {
        const int inputs = 256;
        foreach (var fill in (byte[])[0x00, 0x7f, 0x80, 0xff])
        {
            var blocks = Enumerable.Repeat(fill, 16 * (int)dtype.RowBytes(inputs)).ToArray();
            for (var first = 0; first < blocks.Length; first += dtype.BlockBytes()) ReferenceBlocks.SetHalves(dtype, blocks.AsSpan(first), () => 1);
            var weights = ReferenceBlocks.Widen(dtype, blocks).Take(inputs).ToArray();
            using var matrix = Pack(dtype, blocks, 16, inputs);
            foreach (var alternate in (bool[])[false, true])
            {
                var x = Enumerable.Range(0, inputs).Select(i => alternate && weights[i] < 0 ? -127f : 127f).ToArray();
                var (expected, size) = (weights.Zip(x, (w, v) => w * v).Sum(), weights.Sum(w => Math.Abs(w) * 127));
                foreach (var rows in (int[])[1, 4])
                {
                    var y = Multiply(matrix, [.. Enumerable.Repeat(x, rows).SelectMany(row => row)], rows);
                    Assert.All(y, value => Assert.InRange(value, expected - 1e-5 * size - 1e-3, expected + 1e-5 * size + 1e-3));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_match_double_precision(SimdLevel simd, WeightDtype dtype)
    {
        foreach (var (outputs, inputs) in new[] { (1, 256), (7, 512), (33, 768), (70, 2304) })
        {
            foreach (var rows in new[] { 1, 2, 3, 4, 5, 8, 9, 61, 250 })
            {
                using var product = new Product(simd, dtype, rows, inputs, outputs, seed: outputs + rows);
                product.AssertMatches();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_row_is_bit_equal_in_any_number_of_rows(SimdLevel simd, WeightDtype dtype)
    {
        using var product = new Product(simd, dtype, rows: 37, inputs: 1024, outputs: 50, seed: 3);
        var expected = product.Run(37);

        for (var rows = 1; rows < 37; rows++)
        {
            var some = product.Run(rows);
            Assert.Equal(expected.Take(some.Length), some);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Types))]
    public void Vector_and_plain_arithmetic_give_the_same_bits(WeightDtype dtype)
    {
        Skip.IfNot(System.Runtime.Intrinsics.X86.Avx2.IsSupported, "This processor has no AVX2; only the plain arithmetic runs here.");
        using var product = new Product(SimdLevel.Bits256, dtype, rows: 5, inputs: 512, outputs: 16, seed: 9);
        using var x = new QuantizedRows();
        using var threads = new ComputeThreads(1);
        fixed (float* values = product.X) x.Set(threads, values, 512, 5, 512);

        foreach (var isFour in new[] { false, true })
        {
            var vector = Multiply(product.Weights, x, QuantKernels.For<Avx2Bytes>(product.Weights.Layout), isFour);
            Assert.Equal(Multiply(product.Weights, x, QuantKernels.For<PlainBytes>(product.Weights.Layout), isFour), vector);
        }
    }

    private static float[] Multiply(QuantizedMatrix weights, QuantizedRows x, QuantKernels kernels, bool isFour)
    {
        var result = new float[8 * 4];
        fixed (float* c = result)
        {
            var tile = new QuantTile
            {
                X = x.Bytes,
                Scales = x.Scales,
                Sums = x.Sums,
                Halves = x.Halves,
                Stride = x.Stride,
                Weights = weights.Group(1),
                Units = weights.Units,
                C = c,
                Ldc = 8,
            };
            if (isFour) kernels.Four(&tile);
            else kernels.One(&tile);
        }

        return result;
    }

    /// <summary>Sixteen outputs of some rows.</summary>
    private static float[] Multiply(QuantizedMatrix matrix, float[] x, int rows)
    {
        var y = new float[16 * rows];
        using var threads = new ComputeThreads(1);
        using var gemm = new QuantGemmWork(KernelTable.For(SimdLevel.Bits256), 1);
        fixed (float* px = x, py = y) gemm.Run(threads, px, matrix.Inputs, rows, matrix, null, py, 16, GemmEnd.Store);
        return y;
    }

    private static QuantizedMatrix Pack(WeightDtype dtype, byte[] blocks, int outputs, int inputs)
    {
        var matrix = new QuantizedMatrix(outputs, inputs, 16, dtype);
        fixed (byte* data = blocks)
        {
            var pinned = (nint)data;
            matrix.Pack([.. Enumerable.Range(0, matrix.Panels * 16).Select(output => output < outputs
                ? new OutputSource((byte*)pinned + output * dtype.RowBytes(inputs), dtype) : default)]);
        }

        return matrix;
    }

    internal static byte[] Quantize(WeightDtype dtype, float[] values)
    {
        var blocks = new byte[dtype.RowBytes(values.Length)];
        fixed (float* from = values)
        fixed (byte* to = blocks) BlockWriter.Quantize(dtype, from, values.Length, to);
        return blocks;
    }

    private static float[] Widen(WeightDtype dtype, byte[] blocks, int elements)
    {
        var values = new float[elements];
        fixed (byte* from = blocks)
        fixed (float* to = values) BlockReader.Widen(dtype, from, elements, to);
        return values;
    }

    private static void AssertBlock(WeightDtype dtype, byte[] block, params (int Element, float Value)[] expected)
    {
        Assert.Equal(dtype.BlockBytes(), block.Length);
        var values = Widen(dtype, block, dtype.BlockElements());
        foreach (var (element, value) in expected) Assert.Equal(value, values[element]);
    }

    private static float[] Numbers(Random random, int count, double spread = 1) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(Math.Pow(random.NextDouble(), spread) * (random.Next(2) == 0 ? 1 : -1)))];

    /// <summary>Random x and quantized W, packed for the kernels and widened for the reference.</summary>
    private sealed class Product : IDisposable
    {
        private readonly float[] _values;
        private readonly int _rows;
        private readonly int _inputs;
        private readonly int _outputs;
        private readonly QuantGemmWork _gemm;
        private readonly ComputeThreads _threads = new(2);

        public Product(SimdLevel simd, WeightDtype dtype, int rows, int inputs, int outputs, int seed)
        {
            var kernels = KernelTable.For(simd);
            (_rows, _inputs, _outputs) = (rows, inputs, outputs);
            var random = new Random(seed);
            X = Numbers(random, rows * inputs);
            var blocks = Quantize(dtype, Numbers(random, outputs * inputs));
            _values = Widen(dtype, blocks, outputs * inputs);
            Weights = new QuantizedMatrix(outputs, inputs, kernels.PanelColumns, dtype);
            Columns = Weights.Panels * kernels.PanelColumns;
            fixed (byte* data = blocks)
            {
                var pinned = (nint)data;
                Weights.Pack([.. Enumerable.Range(0, Columns).Select(output => output < outputs
                    ? new OutputSource((byte*)pinned + output * dtype.RowBytes(inputs), dtype) : default)]);
            }

            _gemm = new QuantGemmWork(kernels, 2);
        }

        public float[] X { get; }

        public QuantizedMatrix Weights { get; }

        public int Columns { get; }

        public float[] Run(int rows)
        {
            var target = new float[rows * Columns];
            fixed (float* x = X, y = target) _gemm.Run(_threads, x, _inputs, rows, Weights, null, y, Columns, GemmEnd.Store);
            return target;
        }

        /// <summary>Against the same weights and activations in double precision, activations rounded to bytes as documented.</summary>
        public void AssertMatches()
        {
            var actual = Run(_rows);
            var rounded = Rounded();
            for (var row = 0; row < _rows; row++)
            {
                for (var output = 0; output < _outputs; output++)
                {
                    double sum = 0, size = 0;
                    for (var i = 0; i < _inputs; i++)
                    {
                        var term = rounded[row * _inputs + i] * _values[output * _inputs + i];
                        (sum, size) = (sum + term, size + Math.Abs(term));
                    }

                    var difference = Math.Abs(sum - actual[row * Columns + output]);
                    Assert.True(difference <= 1e-5 * size + 1e-6, $"Row {row} of {_rows}, output {output}: {actual[row * Columns + output]}, but {sum} in double precision.");
                }
            }
        }

        public void Dispose()
        {
            _gemm.Dispose();
            _threads.Dispose();
            Weights.Dispose();
        }

        private double[] Rounded()
        {
            var rounded = new double[X.Length];
            for (var first = 0; first < X.Length; first += 32)
            {
                var scale = X.AsSpan(first, 32).ToArray().Max(MathF.Abs) / 127;
                for (var i = first; i < first + 32; i++) rounded[i] = scale == 0 ? 0 : scale * (double)MathF.Round(X[i] * (1 / scale));
            }

            return rounded;
        }
    }
}
