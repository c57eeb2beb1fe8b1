using System.Diagnostics;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>Prompts as the engine computes them: as many tokens a step as it takes, of several sequences where one has fewer.</summary>
internal sealed class CudaPromptSession
{
    private readonly CudaModelRunner _runner;
    private readonly ForwardBatch _batch = new();
    private readonly int _stepTokens;
    private readonly int[][] _prompts;
    private readonly int[][] _pages;

    /// <param name="runner">With room for so many tokens in a step.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="promptTokens">Of each.</param>
    /// <param name="stepTokens">Of a step, at most.</param>
    /// <param name="pages">Of each sequence.</param>
    public CudaPromptSession(CudaModelRunner runner, int batch, int promptTokens, int stepTokens, int[][] pages)
    {
        (_runner, _stepTokens, _pages) = (runner, stepTokens, pages);
        var random = new Random(1);
        _prompts = new int[batch][];
        for (var i = 0; i < batch; i++)
        {
            _prompts[i] = new int[promptTokens];
            foreach (ref var token in _prompts[i].AsSpan()) token = random.Next(runner.VocabSize);
        }
    }

    /// <summary>Runs often enough that all is compiled, and the device has its clocks up.</summary>
    public void Warm(TimeSpan least)
    {
        var start = Stopwatch.GetTimestamp();
        do Run();
        while (Stopwatch.GetElapsedTime(start) < least);
    }

    /// <returns>Seconds to process all prompts, to the last one's logits.</returns>
    public double Run()
    {
        var start = Stopwatch.GetTimestamp();
        _batch.Clear();
        for (var i = 0; i < _prompts.Length; i++)
        {
            for (var first = 0; first < _prompts[i].Length;)
            {
                var count = Math.Min(_stepTokens - _batch.TokenCount, _prompts[i].Length - first);
                _batch.Add(_prompts[i].AsSpan(first, count), first, _pages[i], wantLogits: first + count == _prompts[i].Length);
                first += count;
                if (_batch.TokenCount == _stepTokens) Compute();
            }
        }

        if (_batch.TokenCount > 0) Compute();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Operations of the matrix products of <see cref="Run"/>: the head runs once a sequence, all else once a token.</summary>
    public double ProductOperations(ModelConfig config)
    {
        var head = (double)config.HiddenSize * config.VocabSize;
        return 2 * _prompts.Length * ((config.MatmulParameters - head) * _prompts[0].Length + head);
    }

    /// <summary>Operations of its attention: each query with every key that it sees, twice.</summary>
    public double AttentionOperations(ModelConfig config)
    {
        double tokens = _prompts[0].Length;
        return 4 * _prompts.Length * (tokens * (tokens + 1) / 2) * config.QuerySize * config.Layers;
    }

    private void Compute()
    {
        _runner.Forward(_batch);
        _batch.Clear();
    }
}
