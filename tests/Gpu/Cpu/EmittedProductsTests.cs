using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Cpu.Quantized.Emitted;
using ActorInference.Gpu.Models;
using Xunit.Abstractions;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>Products by instructions that are written at start, against those of the kernels that every processor runs.</summary>
public sealed unsafe class EmittedProductsTests(ITestOutputHelper output)
{
    private const string Lacking = "This processor has no AVX-512 VNNI, or .NET's AVX-512 is switched off.";

    [SkippableTheory]
    [InlineData(WeightDtype.Q8_0)]
    [InlineData(WeightDtype.IQ4_NL)]
    [InlineData(WeightDtype.IQ4_XS)]
    public void Random_shapes_give_the_same_bits(WeightDtype dtype)
    {
        Skip.IfNot(ByteProducts.IsSupported, Lacking);
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        for (var i = 0; i < 25; i++)
        {
            int rows = random.Next(1, i < 5 ? 420 : 40), outputs = random.Next(1, 150), inputs = random.Next(1, 12) * dtype.BlockElements();
            var blocks = ReferenceBlocks.Arbitrary(dtype, outputs * inputs / dtype.BlockElements(), random);
            float[] x = [.. Enumerable.Range(0, rows * inputs).Select(_ => random.NextSingle() * 2 - 1)];

            var expected = Multiply(SimdLevel.Bits256, dtype, blocks, outputs, x, rows, inputs);

            Assert.Equal(expected, Multiply(SimdLevel.Bits512, dtype, blocks, outputs, x, rows, inputs));
        }
    }

    /// <summary>Weights and activations alike at the ends of their ranges, signs together and against each other.</summary>
    [SkippableFact]
    public void Extreme_bytes_give_the_same_bits()
    {
        Skip.IfNot(ByteProducts.IsSupported, Lacking);
        const int rows = 8, outputs = 32, inputs = 64;
        foreach (var fill in (byte[])[0x00, 0x01, 0x7f, 0x80, 0x81, 0xff])
        {
            var blocks = Enumerable.Repeat(fill, outputs * (int)WeightDtype.Q8_0.RowBytes(inputs)).ToArray();
            for (var first = 0; first < blocks.Length; first += WeightDtype.Q8_0.BlockBytes()) ReferenceBlocks.SetHalves(WeightDtype.Q8_0, blocks.AsSpan(first), () => 1);
            foreach (var x in (float[])[-127, 127])
            {
                var values = Enumerable.Repeat(x, rows * inputs).ToArray();

                var y = Multiply(SimdLevel.Bits512, WeightDtype.Q8_0, blocks, outputs, values, rows, inputs);

                Assert.All(y, value => Assert.Equal((sbyte)fill * x * inputs, value));
            }
        }
    }

    /// <summary>What GNU's assembler makes of the same lines.</summary>
    [Fact]
    public void Instructions_are_encoded_as_an_assembler_encodes_them()
    {
        AssertCode("62627550504cf219", code => code.DotBytes(25, 17, new At(Gpr.Rdx, 100, Gpr.Rsi, 8)));
        AssertCode("62427d48587c3103", code => code.Broadcast(31, new At(Gpr.R9, 12, Gpr.Rsi)));
        AssertCode("62f17e286f8830000000", code => code.LoadHalf(1, new At(Gpr.Rax, 48)));
        AssertCode("62f3f5483a4c080201", code => code.InsertUpper(1, 1, new At(Gpr.Rax, 64, Gpr.Rcx)));
        AssertCode("62f3e5483adc01", code => code.InsertUpper(3, 3, 4));
        AssertCode("62f17d48efc2", code => code.Xor(0, 0, 2));
        AssertCode("62017c485bf6", code => code.ToFloats(30, 30));
        AssertCode("62d1645859643002", code => code.Multiply(4, 3, new At(Gpr.R8, 8, Gpr.Rsi)));
        AssertCode("62e20540b8fc", code => code.MultiplyAdd(23, 31, 4));
        AssertCode("62e17c48105801", code => code.Load(19, new At(Gpr.Rax, 64)));
        AssertCode("62c17c48115a02", code => code.Store(19, new At(Gpr.R10, 128)));
        AssertCode("4c8b5730", code => code.Load(Gpr.R10, new At(Gpr.Rdi, 48)));
        AssertCode("4981c180000000", code => code.Add(Gpr.R9, 128));
        AssertCode("4801c8", code => code.Add(Gpr.Rax, Gpr.Rcx));
        AssertCode("0f188c0840080000", code => code.Prefetch(new At(Gpr.Rax, 2112, Gpr.Rcx)));
    }

    private static float[] Multiply(SimdLevel simd, WeightDtype dtype, byte[] blocks, int outputs, float[] x, int rows, int inputs)
    {
        var kernels = KernelTable.For(simd);
        using var matrix = new QuantizedMatrix(outputs, inputs, kernels.PanelColumns, dtype);
        using var threads = new ComputeThreads(2);
        using var gemm = new QuantGemmWork(kernels, 2);
        var columns = matrix.Panels * kernels.PanelColumns;
        var y = new float[rows * columns];
        fixed (byte* data = blocks)
        {
            var pinned = (nint)data;
            matrix.Pack([.. Enumerable.Range(0, columns).Select(i => i < outputs ? new OutputSource((byte*)pinned + i * dtype.RowBytes(inputs), dtype) : default)]);
        }

        fixed (float* from = x, to = y) gemm.Run(threads, from, inputs, rows, matrix, null, to, columns, GemmEnd.Store);
        return [.. Enumerable.Range(0, rows).SelectMany(row => y.Skip(row * columns).Take(outputs))];
    }

    private static void AssertCode(string expected, Action<WideAssembler> write)
    {
        var code = new WideAssembler();
        write(code);
        Assert.Equal(expected, Convert.ToHexStringLower(code.ToArray()));
    }
}
