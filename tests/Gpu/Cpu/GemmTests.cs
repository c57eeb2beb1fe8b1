using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>Matrix products of every width and weight type against sums in double precision.</summary>
public sealed unsafe class GemmTests
{
    public static TheoryData<SimdLevel, WeightDtype> Cases()
    {
        var cases = new TheoryData<SimdLevel, WeightDtype>();
        foreach (var simd in Enum.GetValues<SimdLevel>())
        {
            foreach (var dtype in Enum.GetValues<WeightDtype>().Where(dtype => !dtype.IsQuantized())) cases.Add(simd, dtype);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_of_odd_shapes_match_double_precision(SimdLevel simd, WeightDtype dtype)
    {
        foreach (var (outputs, inputs) in new[] { (1, 1), (7, 3), (16, 5), (33, 172), (70, 300), (131, 517) })
        {
            foreach (var rows in new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 25, 61, 250 })
            {
                using var product = new Product(simd, dtype, rows, inputs, outputs, seed: outputs + rows);
                product.AssertMatches(GemmEnd.Store, bias: false);
                product.AssertMatches(GemmEnd.Add, bias: true);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gate_and_up_meet_in_silu_times_up(SimdLevel simd, WeightDtype dtype)
    {
        foreach (var rows in new[] { 1, 5, 8, 40 })
        {
            using var product = new Product(simd, dtype, rows, inputs: 50, outputs: 4 * KernelTable.For(simd).PanelColumns, seed: rows);
            product.AssertMatches(GemmEnd.SwiGlu, bias: false);
            product.AssertMatches(GemmEnd.SwiGlu, bias: true);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_row_is_bit_equal_in_any_number_of_rows(SimdLevel simd, WeightDtype dtype)
    {
        using var all = new Product(simd, dtype, rows: 37, inputs: 700, outputs: 50, seed: 3);
        var expected = all.Run(GemmEnd.Store, bias: true, rows: 37);

        for (var rows = 1; rows < 37; rows++)
        {
            var some = all.Run(GemmEnd.Store, bias: true, rows);
            Assert.Equal(expected.Take(some.Length), some);
        }
    }

    [Fact]
    public void A_product_is_bit_equal_for_every_vector_width()
    {
        using var narrow = new Product(SimdLevel.Bits128, WeightDtype.BF16, rows: 20, inputs: 700, outputs: 50, seed: 4);
        var expected = narrow.Run(GemmEnd.Store, bias: false, rows: 20);

        foreach (var simd in new[] { SimdLevel.Bits256, SimdLevel.Bits512 })
        {
            using var wide = new Product(simd, WeightDtype.BF16, rows: 20, inputs: 700, outputs: 50, seed: 4);
            var actual = wide.Run(GemmEnd.Store, bias: false, rows: 20);
            for (var row = 0; row < 20; row++)
                Assert.Equal(expected.Skip(row * narrow.Columns).Take(50), actual.Skip(row * wide.Columns).Take(50));
        }
    }

    /// <summary>Random x, W and bias, packed for the kernels and kept plain for the reference.</summary>
    private sealed class Product : IDisposable
    {
        private const float Before = 0.25f;

        private readonly float[] _x;
        private readonly float[] _weights;
        private readonly float[] _bias;
        private readonly int _rows;
        private readonly int _inputs;
        private readonly int _outputs;
        private readonly PackedMatrix _packed;
        private readonly GemmWork _gemm;
        private readonly ComputeThreads _threads = new(2);
        private readonly int _panel;

        public Product(SimdLevel simd, WeightDtype dtype, int rows, int inputs, int outputs, int seed)
        {
            var kernels = KernelTable.For(simd);
            (_rows, _inputs, _outputs, _panel) = (rows, inputs, outputs, kernels.PanelColumns);
            var random = new Random(seed);
            _x = Numbers(random, rows * inputs, value => value);
            _weights = Numbers(random, outputs * inputs, value => Rounded(value, dtype));
            _packed = new PackedMatrix(outputs, inputs, _panel, dtype);
            Columns = _packed.Panels * _panel;
            _bias = Numbers(random, Columns, value => value);
            Array.Clear(_bias, outputs, Columns - outputs);
            Pack(dtype);
            _gemm = new GemmWork(kernels, 2);
        }

        public int Columns { get; }

        public float[] Run(GemmEnd end, bool bias, int rows)
        {
            var width = end == GemmEnd.SwiGlu ? Columns / 2 : Columns;
            var target = new float[rows * width];
            Array.Fill(target, Before);
            fixed (float* x = _x, b = _bias, y = target) _gemm.Run(_threads, x, _inputs, rows, _packed, bias ? b : null, y, width, end);
            return target;
        }

        public void AssertMatches(GemmEnd end, bool bias)
        {
            var actual = Run(end, bias, _rows);
            var width = actual.Length / _rows;
            for (var row = 0; row < _rows; row++)
            {
                for (var column = 0; column < (end == GemmEnd.SwiGlu ? width : _outputs); column++)
                {
                    var expected = end switch
                    {
                        GemmEnd.Store => Dot(row, column, bias),
                        GemmEnd.Add => Before + Dot(row, column, bias),
                        _ => Gated(row, column, bias),
                    };
                    Assert.True(Math.Abs(expected - actual[row * width + column]) <= 2e-5 * (1 + Math.Sqrt(_inputs)),
                        $"{_rows}x{_inputs}x{_outputs} {end} at [{row}, {column}] is {actual[row * width + column]}; expected {expected}.");
                }
            }
        }

        public void Dispose()
        {
            _threads.Dispose();
            _gemm.Dispose();
            _packed.Dispose();
        }

        private double Gated(int row, int column, bool bias)
        {
            var gate = Dot(row, column / _panel * 2 * _panel + column % _panel, bias);
            var up = Dot(row, (column / _panel * 2 + 1) * _panel + column % _panel, bias);
            return gate / (1 + Math.Exp(-gate)) * up;
        }

        private double Dot(int row, int column, bool bias)
        {
            var sum = bias ? _bias[column] : 0.0;
            for (var i = 0; i < _inputs; i++) sum += (double)_x[row * _inputs + i] * _weights[column * _inputs + i];
            return sum;
        }

        private void Pack(WeightDtype dtype)
        {
            var bytes = new byte[_weights.Length * dtype.SizeBytes()];
            for (var i = 0; i < _weights.Length; i++)
            {
                var element = bytes.AsSpan(i * dtype.SizeBytes());
                if (dtype == WeightDtype.F32) BitConverter.TryWriteBytes(element, _weights[i]);
                else BitConverter.TryWriteBytes(element, dtype == WeightDtype.F16 ? HalfFormat.ToF16(_weights[i]) : HalfFormat.ToBF16(_weights[i]));
            }

            fixed (byte* data = bytes)
            {
                var sources = new OutputSource[Columns];
                for (var i = 0; i < _outputs; i++) sources[i] = new OutputSource(data + i * _inputs * dtype.SizeBytes(), dtype);
                _packed.Pack(sources);
            }
        }

        private static float Rounded(float value, WeightDtype dtype) => dtype switch
        {
            WeightDtype.F32 => value,
            WeightDtype.F16 => HalfFormat.FromF16(HalfFormat.ToF16(value)),
            _ => HalfFormat.FromBF16(HalfFormat.ToBF16(value)),
        };

        private static float[] Numbers(Random random, int count, Func<float, float> map) =>
            [.. Enumerable.Range(0, count).Select(_ => map(random.NextSingle() * 2 - 1))];
    }
}
