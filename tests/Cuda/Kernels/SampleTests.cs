using ActorInference.Actors.Generation;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Sampling;

namespace ActorInference.Cuda.Tests.Kernels;

/// <summary>Tokens chosen on the device are those that the host's sampler chooses.</summary>
public sealed class SampleTests
{
    [SkippableTheory]
    [InlineData(0f, 0, 1f, 0f)]
    [InlineData(1f, 0, 1f, 0f)]
    [InlineData(0.7f, 40, 1f, 0f)]
    [InlineData(1.3f, 0, 0.8f, 0f)]
    [InlineData(0.9f, 50, 0.9f, 0.05f)]
    [InlineData(1f, 1, 0.5f, 0f)]
    [InlineData(2f, 700, 0.99f, 0.01f)]
    public void The_token_is_the_hosts(float temperature, int topK, float topP, float minP)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        const int vocab = 3001, rows = 12;
        var random = new Random((int)(temperature * 1000) + topK);
        var logits = DeviceMemory.Random(random, rows * vocab, 8);
        // Equals, as a model with rounded weights has them.
        for (var i = 0; i < logits.Length; i++) logits[i] = MathF.Round(logits[i] * 16) / 16;
        var options = new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = 5 };
        var (expected, settings) = (new int[rows], new List<float>());
        var sampler = new Sampler(vocab, []);
        for (var row = 0; row < rows; row++)
        {
            var state = new SamplerState(options, [], new int[row]);
            var copy = logits.AsSpan(row * vocab, vocab).ToArray();
            expected[row] = sampler.Sample(copy, state, out _);
            settings.AddRange([temperature, topP, minP, (float)CounterRandom.UnitInterval(5, row), BitConverter.Int32BitsToSingle(topK)]);
        }

        var tokens = memory.New(rows * 4);
        memory.Launch.With(tokens).With(memory.Put(logits)).With(memory.Put<float>([.. settings])).With(memory.Put(rows)).With(vocab)
            .Run(memory.Kernel("sample.cu", "sample"), rows, 1, 1, 1024);

        Assert.Equal(expected, memory.Get<int>(tokens, rows));
    }

    [SkippableFact]
    public void Logits_that_are_no_numbers_choose_nothing()
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        const int vocab = 70;
        var logits = new float[3 * vocab];
        logits[5] = float.NaN;
        logits[vocab + 9] = float.PositiveInfinity;
        Array.Fill(logits, float.NegativeInfinity, 2 * vocab, vocab);
        var tokens = memory.New(12);
        memory.Launch.With(tokens).With(memory.Put(logits)).With(memory.Put(new float[15])).With(memory.Put(3)).With(vocab).Run(memory.Kernel("sample.cu", "sample"), 3, 1, 1, 1024);

        Assert.Equal([-1, -1, -1], memory.Get<int>(tokens, 3));
    }
}
