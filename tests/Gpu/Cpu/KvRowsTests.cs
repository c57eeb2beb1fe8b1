using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>Rows of keys and values become the same floats, bit by bit, in any width, wherever they are taken to.</summary>
public sealed unsafe class KvRowsTests
{
    private const int Tokens = 5, Heads = 2;
    private const float Untouched = 12345;

    public static TheoryData<SimdLevel, KvDtype> Cases()
    {
        var cases = new TheoryData<SimdLevel, KvDtype>();
        foreach (var simd in Enum.GetValues<SimdLevel>())
        {
            foreach (var dtype in CpuModelRunner.KvDtypes) cases.Add(simd, dtype);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_widen_to_the_numbers_that_the_format_says(SimdLevel simd, KvDtype dtype)
    {
        var kernels = KernelTable.For(simd);
        foreach (var length in new[] { 1, 2, 7, 8, 20, 31, 32, 33, 40, 64, 80, 96, 130 })
        {
            var (plane, expected, rowBytes) = Plane(dtype, length, seed: length);
            var stride = length + 3;
            var widened = new float[Tokens * stride];
            Array.Fill(widened, Untouched);

            fixed (byte* rows = plane)
            fixed (float* target = widened) kernels.WidenRows[(int)dtype](rows, rowBytes, Tokens, length, target, stride);

            for (var token = 0; token < Tokens; token++)
            {
                Assert.Equal(expected[token], widened.AsSpan(token * stride, length));
                Assert.Equal([Untouched, Untouched, Untouched], widened.AsSpan(token * stride + length, 3));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_are_spread_over_panels_by_column(SimdLevel simd, KvDtype dtype)
    {
        var kernels = KernelTable.For(simd);
        foreach (var length in new[] { 1, 8, 20, 32, 40, 64, 80, 96, 130 })
        {
            var (plane, expected, rowBytes) = Plane(dtype, length, seed: length);
            var columns = kernels.PanelColumns;
            var panelFloats = Tokens * columns;
            var panels = new float[(length + columns - 1) / columns * panelFloats];
            Array.Fill(panels, Untouched);

            fixed (byte* rows = plane)
            fixed (float* target = panels) kernels.SpreadRows[(int)dtype](rows, rowBytes, Tokens, length, target, panelFloats);

            for (var i = 0; i < panels.Length; i++)
            {
                var (column, token) = (i / panelFloats * columns + i % columns, i % panelFloats / columns);
                Assert.Equal(column < length ? expected[token][column] : Untouched, panels[i]);
            }
        }
    }

    /// <summary>Random heads as pages have them, and the numbers of the first head of each token.</summary>
    private static (byte[] Plane, float[][] Expected, int RowBytes) Plane(KvDtype dtype, int length, int seed)
    {
        var layout = new KvPageLayout(1, 8, Heads, length, dtype);
        var random = new Random(seed);
        var plane = new byte[layout.PlaneBytes];
        var numbers = Enumerable.Range(0, Tokens * Heads * length).Select(_ => 4 * random.NextSingle() - 2).ToArray();
        fixed (float* source = numbers)
        fixed (byte* target = plane) KvElements.Store(layout, source, target, 0, Tokens * Heads);
        var expected = Enumerable.Range(0, Tokens).Select(token => Enumerable.Range(0, length).Select(i => Element(dtype, plane.AsSpan(token * Heads * layout.HeadBytes), i)).ToArray());
        return (plane, [.. expected], Heads * layout.HeadBytes);
    }

    private static float Element(KvDtype dtype, ReadOnlySpan<byte> head, int i) => dtype switch
    {
        KvDtype.F32 => BitConverter.ToSingle(head[(4 * i)..]),
        KvDtype.F16 => (float)BitConverter.ToHalf(head[(2 * i)..]),
        KvDtype.BF16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(head[(2 * i)..]) << 16),
        _ => (float)BitConverter.ToHalf(head[(i / 32 * 34)..]) * (sbyte)head[i / 32 * 34 + 2 + i % 32],
    };
}
