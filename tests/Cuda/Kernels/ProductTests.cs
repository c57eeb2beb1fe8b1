using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cpu.Quantized;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Models;

namespace ActorInference.Cuda.Tests.Kernels;

/// <summary>Products of weights, as a file has them, with a few vectors.</summary>
public sealed unsafe class ProductTests
{
    [SkippableTheory]
    [InlineData("float", 1, 5, 64)]
    [InlineData("bf16", 3, 9, 1048)]
    [InlineData("f16", 4, 6, 520)]
    public void Plain_weights(string type, int batch, int outputs, int inputs)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        var random = new Random(inputs);
        float[] weights = DeviceMemory.Random(random, outputs * inputs), x = DeviceMemory.Random(random, batch * inputs);
        var y = memory.New(batch * outputs * 4);
        memory.Launch.With(y).With(memory.PutAs(type, x)).With(memory.PutAs(type, weights)).With(batch).With(outputs).With(inputs)
            .Run(memory.Kernel("gemv.cu", "gemv_plain", $"ACT={type}"), (outputs + 3) / 4, 1, 1, 128);

        var expected = Product(DeviceMemory.Rounded(type, weights), DeviceMemory.Rounded(type, x), batch, outputs, inputs);
        Near.Equal(expected, memory.Get<float>(y, batch * outputs), 2e-5f, type);
    }

    [SkippableTheory]
    [InlineData(WeightDtype.Q8_0, 1)]
    [InlineData(WeightDtype.Q8_0, 7)]
    [InlineData(WeightDtype.Q4_0, 2)]
    [InlineData(WeightDtype.Q4_0, 8)]
    public void Quantized_weights_as_files_have_them(WeightDtype dtype, int batch)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        const int outputs = 6, inputs = 1056;
        var random = new Random(batch);
        var x = DeviceMemory.Rounded("bf16", DeviceMemory.Random(random, batch * inputs));
        var file = Blocks(random, dtype, outputs * inputs / 32);
        var weights = new float[outputs * inputs];
        fixed (byte* blocks = file)
        fixed (float* target = weights)
            BlockReader.Widen(dtype, blocks, weights.Length, target);
        var (data, scales) = Packed(dtype, file, outputs, inputs);
        var (dataAt, scalesAt) = (memory.Put<byte>(data), memory.Put<byte>(scales));
        var name = dtype == WeightDtype.Q8_0 ? "bytes" : "nibbles";
        var y = memory.New(batch * outputs * 4);
        memory.Launch.With(y).With(memory.PutAs("bf16", x)).With(dataAt).With(scalesAt).With(batch).With(outputs).With(inputs)
            .Run(memory.Kernel("gemv.cu", $"gemv_{name}", "ACT=bf16"), (outputs + 3) / 4, 1, 1, 128);
        var widened = memory.New(outputs * inputs * 2);
        memory.Launch.With(widened).With(dataAt).With(scalesAt).With(outputs).With(inputs).Run(memory.Kernel("gemv.cu", $"widen_{name}", "ACT=bf16"), outputs, 1, 1, 128);

        Near.Equal(Product(weights, x, batch, outputs, inputs), memory.Get<float>(y, batch * outputs), 2e-5f, $"{dtype}");
        Near.Equal(DeviceMemory.Rounded("bf16", weights), memory.GetAs("bf16", widened, outputs * inputs), 0, $"{dtype} widened");
    }

    private static float[] Product(float[] weights, float[] x, int batch, int outputs, int inputs)
    {
        var y = new float[batch * outputs];
        for (var i = 0; i < y.Length; i++)
        {
            var sum = 0.0;
            for (var k = 0; k < inputs; k++) sum += (double)weights[i % outputs * inputs + k] * x[i / outputs * inputs + k];
            y[i] = (float)sum;
        }

        return y;
    }

    private static byte[] Blocks(Random random, WeightDtype dtype, int count)
    {
        var bytes = new byte[count * dtype.BlockBytes()];
        random.NextBytes(bytes);
        for (var i = 0; i < count; i++)
            BitConverter.TryWriteBytes(bytes.AsSpan(i * dtype.BlockBytes()), HalfFormat.ToF16((float)random.NextDouble() * 0.01f));
        return bytes;
    }

    private static (byte[] Data, byte[] Scales) Packed(WeightDtype dtype, byte[] file, int outputs, int inputs)
    {
        var packer = new RowPacker(dtype == WeightDtype.Q8_0 ? MatrixForm.Bytes : MatrixForm.Nibbles, WeightDtype.BF16, inputs);
        var (data, scales) = (new byte[outputs * packer.DataBytes], new byte[outputs * packer.ScaleBytes]);
        fixed (byte* source = file, target = data, scale = scales)
        {
            for (var row = 0; row < outputs; row++)
                packer.Pack(dtype, source + row * dtype.RowBytes(inputs), target + row * packer.DataBytes, scale + row * packer.ScaleBytes);
        }

        return (data, scales);
    }
}
