using ActorInference.Cuda.Tests.Testing;

namespace ActorInference.Cuda.Tests.Kernels;

/// <summary>The kernels that work row by row, against their definitions.</summary>
public sealed class RowKernelTests
{
    private const float Eps = 1e-5f;

    [SkippableTheory]
    [InlineData("float", 48, true)]
    [InlineData("bf16", 1000, true)]
    [InlineData("f16", 257, false)]
    public void The_norm_adds_the_delta_and_gathers_rows(string type, int hidden, bool hasBias)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        var random = new Random(hidden);
        const int rows = 5;
        float[] x = DeviceMemory.Random(random, rows * hidden), delta = DeviceMemory.Random(random, rows * hidden), bias = DeviceMemory.Random(random, hidden), weight = DeviceMemory.Random(random, hidden);
        int[] picked = [4, 0, 2];
        var (target, stream) = (memory.New(rows * hidden * 4), memory.Put(x));
        memory.Launch.With(target).With(stream).With(memory.Put(delta)).With(hasBias ? memory.Put(bias) : 0).With(memory.Put(weight)).With(memory.Put(picked)).With(memory.Put(3)).With(hidden).With(Eps)
            .Run(memory.Kernel("norm.cu", "rms_norm", $"ACT={type}"), rows, 1, 1, 256);

        var expected = new List<float>();
        foreach (var row in picked)
        {
            var sums = Enumerable.Range(0, hidden).Select(i => (double)x[row * hidden + i] + delta[row * hidden + i] + (hasBias ? bias[i] : 0)).ToArray();
            var scale = 1 / Math.Sqrt(sums.Sum(value => value * value) / hidden + Eps);
            expected.AddRange(sums.Select((value, i) => (float)(value * scale * weight[i])));
            Near.Equal([.. sums.Select(value => (float)value)], memory.Get<float>(stream, rows * hidden)[(row * hidden)..((row + 1) * hidden)], 1e-6f, "residual");
        }

        Near.Equal(expected, memory.GetAs(type, target, 3 * hidden), Near.Tolerance(type), type);
    }

    [SkippableFact]
    public void Embedding_and_gate_stop_at_the_rows_that_there_are()
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        const int hidden = 300;
        var table = DeviceMemory.Random(new Random(3), 7 * hidden);
        var x = memory.Put(new float[4 * hidden]);
        memory.Launch.With(x).With(memory.PutAs("bf16", table)).With(memory.Put(6, ~1, 3, 1)).With(memory.Put(5, 0)).With(memory.Put(3)).With(hidden).Run(memory.Kernel("embed.cu", "embed", "ACT=bf16"), 4, 1, 1, 256);
        var rounded = DeviceMemory.Rounded("bf16", table);
        Near.Equal([.. rounded[(6 * hidden)..(7 * hidden)], .. rounded[..hidden], .. rounded[(3 * hidden)..(4 * hidden)], .. new float[hidden]], memory.Get<float>(x, 4 * hidden), 0, "embedding");

        var (joined, bias) = (DeviceMemory.Random(new Random(4), 2 * 2 * hidden, 6), DeviceMemory.Random(new Random(5), 2 * hidden));
        var gated = memory.PutAs("float", new float[2 * hidden]);
        memory.Launch.With(gated).With(memory.Put(joined)).With(memory.Put(bias)).With(memory.Put(1)).With(hidden).Run(memory.Kernel("swiglu.cu", "swiglu", "ACT=float"), 2, 2, 1, 256);
        var expected = Enumerable.Range(0, 2 * hidden).Select(i => i < hidden ? Gate(joined[i] + bias[i]) * (joined[hidden + i] + bias[hidden + i]) : 0);
        Near.Equal([.. expected], memory.Get<float>(gated, 2 * hidden), 1e-5f, "gate");
    }

    [SkippableTheory]
    [InlineData("float", 8)]
    [InlineData("bf16", 128)]
    [InlineData("f16", 80)]
    [InlineData("f8", 32)]
    public void Rotation_writes_keys_and_values_into_their_pages(string type, int headDim)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        var random = new Random(headDim);
        const int heads = 4, kvHeads = 2, pageSize = 16, pages = 3, layers = 2, rows = 3;
        int[] positions = [0, 17, 33], rowPages = [2, 0, 1];
        int width = (heads + 2 * kvHeads) * headDim, half = headDim / 2, plane = pageSize * kvHeads * headDim;
        float[] qkv = DeviceMemory.Random(random, rows * width), bias = DeviceMemory.Random(random, width), norm = DeviceMemory.Random(random, headDim);
        var angles = Enumerable.Range(0, 64 * half).Select(i => i / half * Math.Pow(10000, -(double)(i % half) / half)).ToArray();
        var pool = memory.PutAs(type, new float[pages * layers * 2 * plane]);
        var elementBytes = type == "float" ? 4 : type == "f8" ? 1 : 2;
        var fresh = memory.Put(qkv);
        memory.Launch.With(fresh).With(memory.Put(bias)).With(memory.Put(norm)).With(0UL)
            .With(memory.Put(Array.ConvertAll(angles, a => (float)Math.Cos(a)))).With(memory.Put(Array.ConvertAll(angles, a => (float)Math.Sin(a))))
            .With(memory.Put(positions)).With(memory.Put(rowPages)).With(memory.Put(rows))
            .With(new Gpu.Cuda.Forward.KvLayerArgument(pool + (ulong)(2 * plane * elementBytes), layers * 2 * plane, plane, 4, kvHeads)).With(heads).With(Eps)
            .Run(memory.Kernel("rope.cu", "rope_write", $"KVT={type}", $"HEAD_DIM={headDim}"), 2, rows, 1, 128);

        var (queries, kept) = (memory.Get<float>(fresh, rows * width), memory.GetAs(type, pool, pages * layers * 2 * plane));
        for (var row = 0; row < rows; row++)
        {
            for (var head = 0; head < heads + 2 * kvHeads; head++)
            {
                var raw = Enumerable.Range(0, headDim).Select(i => (double)qkv[row * width + head * headDim + i] + bias[head * headDim + i]).ToArray();
                var scale = head < heads ? 1 / Math.Sqrt(raw.Sum(value => value * value) / headDim + Eps) : 1;
                var x = raw.Select((value, i) => head < heads ? value * scale * norm[i] : value).ToArray();
                var expected = Enumerable.Range(0, headDim).Select(i => (float)(head < heads + kvHeads ? Rotated(x, i, half, angles[positions[row] * half + i % half]) : x[i])).ToArray();
                var kvHead = head < heads + kvHeads ? head - heads : head - heads - kvHeads;
                var at = rowPages[row] * layers * 2 * plane + 2 * plane + (head < heads + kvHeads ? 0 : plane) + (positions[row] % pageSize * kvHeads + kvHead) * headDim;
                var actual = head < heads ? queries.AsSpan(row * width + head * headDim, headDim) : kept.AsSpan(Math.Max(0, at), headDim);
                Near.Equal(expected, actual.ToArray(), head < heads ? 2e-5f : Near.Tolerance(type), $"row {row}, head {head}");
            }
        }
    }

    [SkippableTheory]
    [InlineData(301, 2)]
    [InlineData(512, 3)]
    [InlineData(257, 16)]
    public void Logits_of_parts_of_the_vocabulary_are_put_together(int vocab, int ranks)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        const int rows = 3;
        var tokens = (vocab + ranks - 1) / ranks;
        var whole = DeviceMemory.Random(new Random(vocab), rows * vocab);
        var parts = new float[ranks * rows * tokens];
        for (var i = 0; i < parts.Length; i++)
        {
            var (rank, row, token) = (i / (rows * tokens), i / tokens % rows, i % tokens);
            parts[i] = whole[row * vocab + (int)((long)vocab * rank / ranks) + token];
        }

        var target = memory.New(rows * vocab * sizeof(float));
        memory.Launch.With(target).With(memory.Put(parts)).With(rows).With(vocab).With(ranks).With(tokens)
            .Run(memory.Kernel("join.cu", "join_logits"), (vocab + 255) / 256, rows, 1, 256);

        Assert.Equal(whole, memory.Get<float>(target, rows * vocab));
    }

    private static double Rotated(double[] x, int i, int half, double angle) =>
        i < half ? x[i] * Math.Cos(angle) - x[i + half] * Math.Sin(angle) : x[i] * Math.Cos(angle) + x[i - half] * Math.Sin(angle);

    private static float Gate(float x) => (float)(x / (1 + Math.Exp(-(double)x)));
}
