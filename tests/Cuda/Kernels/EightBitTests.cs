using ActorInference.Cuda.Tests.Testing;

namespace ActorInference.Cuda.Tests.Kernels;

/// <summary>The kernels' 8-bit numbers against their table.</summary>
public sealed class EightBitTests
{
    private const string Text =
        """
        #include "device.cuh"
        KERNEL(256, narrow_all)(f8* target, const float* source) { from_float(source[block_x() * 256 + thread_x()], target[block_x() * 256 + thread_x()]); }
        KERNEL(256, widen_all)(float* target, const f8* source) { target[thread_x()] = to_float(source[thread_x()]); }
        KERNELS(narrow_all, widen_all)
        """;

    [SkippableFact]
    public void Every_code_is_its_number_and_every_number_becomes_the_nearest()
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        var module = memory.Device.Modules.LoadText("eight.cu", Text);
        var (widened, codes) = (memory.New(256 * sizeof(float)), Enumerable.Range(0, 256).Select(code => (byte)code).ToArray());
        memory.Launch.With(widened).With(memory.Put(codes)).Run(new ManagedCuda.CudaKernel("widen_all", module), 1, 1, 1, 256);
        Assert.Equal(Array.ConvertAll(codes, EightBits.Widen), memory.Get<float>(widened, 256));

        var values = Values();
        var narrowed = memory.New(values.Length);
        memory.Launch.With(narrowed).With(memory.Put(values)).Run(new ManagedCuda.CudaKernel("narrow_all", module), values.Length / 256, 1, 1, 256);
        var actual = memory.Get<byte>(narrowed, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            if (float.IsNaN(values[i])) Assert.Equal(0x7f, actual[i] & 0x7f);
            else Assert.True(EightBits.Narrow(values[i]) == actual[i], $"{values[i]:R} becomes {actual[i]}; {EightBits.Narrow(values[i])} expected.");
        }
    }

    /// <summary>Every number of the format, the middles between neighbours and what is just beside them, and what is outside.</summary>
    private static float[] Values()
    {
        var values = new List<float> { float.NaN, float.PositiveInfinity, float.NegativeInfinity, 448, 449, 1e30f, -1e30f, 0, -0f, float.Epsilon, 1e-30f };
        for (byte code = 0; code < 0x7e; code++)
        {
            var (low, high) = (EightBits.Widen(code), EightBits.Widen((byte)(code + 1)));
            var middle = (low + high) / 2;
            foreach (var value in (float[])[low, middle, float.BitIncrement(middle), float.BitDecrement(middle)]) values.AddRange([value, -value]);
        }

        while (values.Count % 256 != 0) values.Add(1);
        return [.. values];
    }
}
