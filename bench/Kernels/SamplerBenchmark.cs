using System.Numerics.Tensors;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Sampling;
using BenchmarkDotNet.Attributes;

namespace ActorInference.Bench.Kernels;

/// <summary>Choosing one token of a large vocabulary, beside the library's softmax alone.</summary>
public class SamplerBenchmark
{
    private const int Vocabulary = 151_936;

    private readonly float[] _logits = new float[Vocabulary];
    private readonly float[] _work = new float[Vocabulary];
    private readonly Sampler _sampler = new(Vocabulary, []);
    private SamplerState _greedy = null!;
    private SamplerState _filtered = null!;

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        for (var i = 0; i < Vocabulary; i++) _logits[i] = random.NextSingle() * 20 - 10;
        _greedy = new SamplerState(new SamplingOptions { Temperature = 0 }, [1, 2, 3], []);
        _filtered = new SamplerState(new SamplingOptions { Temperature = 0.7f, TopP = 0.9f, TopK = 50, RepetitionPenalty = 1.1f }, [1, 2, 3], []);
    }

    [Benchmark]
    public int Greedy() => Sample(_greedy);

    [Benchmark]
    public int TopKAndTopP() => Sample(_filtered);

    [Benchmark(Baseline = true)]
    public float Softmax()
    {
        TensorPrimitives.SoftMax(_logits, _work);
        return _work[0];
    }

    private int Sample(SamplerState state)
    {
        _logits.CopyTo(_work, 0);   // Sampling changes the logits.
        return _sampler.Sample(_work, state, out _);
    }
}
