using System.Runtime.Intrinsics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Cpu;

public sealed unsafe class VectorOpsTests
{
    public static TheoryData<SimdLevel> Levels() => [.. Enum.GetValues<SimdLevel>()];

    [Fact]
    public void Exp_is_within_two_units_in_the_last_place_and_ends_in_zero()
    {
        for (var x = -86.9f; x < 88; x += 0.0137f)
        {
            var expected = Math.Exp(x);
            var actual = VectorOps<Simd256, Vector256<float>>.Exp(Vector256.Create(x))[0];
            Assert.True(Math.Abs(actual - expected) <= 2 * (MathF.BitIncrement((float)expected) - (float)expected), $"exp({x}) is {actual}; expected {expected}.");
            Assert.Equal(actual, VectorOps<Simd128, Vector128<float>>.Exp(Vector128.Create(x))[0]);
            Assert.Equal(actual, VectorOps<Simd512, Vector512<float>>.Exp(Vector512.Create(x))[0]);
        }

        Assert.Equal(1f, VectorOps<Simd256, Vector256<float>>.Exp(Vector256<float>.Zero)[0]);
        Assert.Equal(0f, VectorOps<Simd256, Vector256<float>>.Exp(Vector256.Create(-87.1f))[0]);
        Assert.Equal(0f, VectorOps<Simd256, Vector256<float>>.Exp(Vector256.Create(float.NegativeInfinity))[0]);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Widening_gives_exactly_the_number_for_every_finite_half(SimdLevel simd)
    {
        var kernels = KernelTable.For(simd);
        var halves = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).Where(h => Half.IsFinite(BitConverter.UInt16BitsToHalf(h))).ToArray();
        var widened = new float[halves.Length];

        fixed (ushort* source = halves)
        fixed (float* target = widened) kernels.WidenRows[(int)KvDtype.F16]((byte*)source, 0, 1, halves.Length, target, 0);

        Assert.Equal(halves.Select(h => (float)BitConverter.UInt16BitsToHalf(h)), widened);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void A_panel_of_halves_widens_to_the_columns_in_order(SimdLevel simd)
    {
        var kernels = KernelTable.For(simd);
        foreach (var dtype in new[] { WeightDtype.F16, WeightDtype.BF16 })
        {
            var columns = kernels.PanelColumns;
            var panel = new ushort[columns];
            for (var column = 0; column < columns; column++)
            {
                var value = column - 3.5f;
                panel[PackedMatrix.ElementIndex(dtype, column, columns)] = dtype == WeightDtype.F16 ? HalfFormat.ToF16(value) : HalfFormat.ToBF16(value);
            }

            var widened = new float[columns];
            fixed (ushort* source = panel)
            fixed (float* target = widened)
            {
                if (dtype == WeightDtype.F16) kernels.WidenPanelF16((byte*)source, 1, target);
                else kernels.WidenPanelBF16((byte*)source, 1, target);
            }

            Assert.Equal(Enumerable.Range(0, columns).Select(column => column - 3.5f), widened);
        }
    }

    [Fact]
    public void Narrowing_rounds_to_nearest_with_ties_to_even()
    {
        Assert.Equal(0x3f80, HalfFormat.ToBF16(1f));
        Assert.Equal(0x3f80, HalfFormat.ToBF16(BitConverter.UInt32BitsToSingle(0x3f808000)));
        Assert.Equal(0x3f82, HalfFormat.ToBF16(BitConverter.UInt32BitsToSingle(0x3f818000)));
        Assert.True(float.IsNaN(HalfFormat.FromBF16(HalfFormat.ToBF16(float.NaN))));
        Assert.Equal(65504f, HalfFormat.FromF16(HalfFormat.ToF16(1e9f)));
        Assert.Equal(-65504f, HalfFormat.FromF16(HalfFormat.ToF16(float.NegativeInfinity)));
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Norm_and_rotation_match_double_precision_for_odd_lengths(SimdLevel simd)
    {
        var kernels = KernelTable.For(simd);
        var random = new Random(5);
        foreach (var length in new[] { 2, 8, 20, 64, 72, 80, 96, 128, 130 })
        {
            var padded = (length + 31) / 32 * 32;
            float[] x = Numbers(random, length, padded), weight = Numbers(random, length, padded), y = new float[padded], head = [.. x];
            fixed (float* px = x, pw = weight, py = y, ph = head)
            {
                kernels.RmsNorm(px, pw, py, length, padded, 1e-5f);
                kernels.HeadNorm(ph, pw, length, 1e-5f);
            }

            var scale = 1 / Math.Sqrt(x.Take(length).Sum(v => (double)v * v) / length + 1e-5);
            for (var i = 0; i < length; i++)
            {
                Assert.Equal(x[i] * scale * weight[i], y[i], 1e-5);
                Assert.Equal(x[i] * scale * weight[i], head[i], 1e-5);
            }

            Assert.All(y.Skip(length), pad => Assert.Equal(0, pad));
            AssertRotates(kernels, x, length / 2);
        }
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(64, 8)]
    [InlineData(13, 5)]
    [InlineData(80, 1)]
    [InlineData(3, 7)]
    public void Eight_rows_become_columns_and_missing_ones_repeat_the_last(int length, int present)
    {
        const int stride = 16;
        var rowStride = length + 3;
        var rows = new float[8 * rowStride];
        for (var i = 0; i < rows.Length; i++) rows[i] = i + 1;
        var target = new float[length * stride];

        fixed (float* source = rows, columns = target) Transpose.EightRows(source, rowStride, present, length, columns + 8, stride);

        for (var i = 0; i < length; i++)
        {
            for (var row = 0; row < 8; row++)
            {
                Assert.Equal(rows[Math.Min(row, present - 1) * rowStride + i], target[i * stride + 8 + row]);
                Assert.Equal(0, target[i * stride + row]);
            }
        }
    }

    private static void AssertRotates(KernelTable kernels, float[] x, int half)
    {
        var angles = Enumerable.Range(0, half).Select(i => 0.3 * i).ToArray();
        float[] cos = [.. angles.Select(a => (float)Math.Cos(a))], sin = [.. angles.Select(a => (float)Math.Sin(a))], rotated = [.. x];
        fixed (float* px = rotated, pc = cos, ps = sin) kernels.Rotate(px, pc, ps, half);

        for (var i = 0; i < half; i++)
        {
            Assert.Equal(x[i] * Math.Cos(angles[i]) - x[half + i] * Math.Sin(angles[i]), rotated[i], 1e-5);
            Assert.Equal(x[half + i] * Math.Cos(angles[i]) + x[i] * Math.Sin(angles[i]), rotated[half + i], 1e-5);
        }
    }

    private static float[] Numbers(Random random, int count, int padded)
    {
        var numbers = new float[padded];
        for (var i = 0; i < count; i++) numbers[i] = random.NextSingle() * 2 - 1;
        return numbers;
    }
}
