using ActorInference.Actors.Kv;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Cuda.Memory;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Cuda.Tests.Runner;

/// <summary>A runner on the emulated device, with its weights and pages.</summary>
internal sealed class CudaHarness : IDisposable
{
    private readonly CudaDevice _device;
    private readonly CudaWeights _weights;
    private readonly ForwardBatch _batch = new();

    public CudaHarness(string folder, KvDtype? dtype = null, int pageSize = 16, int poolTokens = 1024, int maxBatchTokens = 64, bool useGraphs = true)
    {
        _device = EmulatedCuda.Open();
        Config = ModelConfig.Load(folder);
        _weights = CudaWeights.Load(_device, folder, Config);
        var layout = new KvPageLayout(Config.Layers, pageSize, Config.KvHeads, Config.HeadDim, dtype ?? Fitting(_weights.Activations));
        var pages = layout.PagesFor(poolTokens);
        Pool = new KvPagePool(layout, pages, new ManagedPoolMemory(_device, (long)pages * layout.PageBytes));
        Runner = new CudaModelRunner(_weights, Pool, new CudaRunnerOptions { MaxBatchTokens = maxBatchTokens, UseGraphs = useGraphs });
    }

    public ModelConfig Config { get; }

    public KvPagePool Pool { get; }

    public CudaModelRunner Runner { get; }

    /// <summary>Logits after a prompt, computed chunk by chunk.</summary>
    public float[] Prefill(ReadOnlySpan<int> prompt, int[] pages, int chunk)
    {
        for (var first = 0; first < prompt.Length; first += chunk)
        {
            var count = Math.Min(chunk, prompt.Length - first);
            _batch.Clear();
            _batch.Add(prompt.Slice(first, count), first, pages, wantLogits: first + count == prompt.Length);
            Runner.Forward(_batch);
        }

        return Runner.Logits(0).ToArray();
    }

    /// <summary>Greedy continuations of prompts that run together: each step takes a chunk of every prompt that isn't done, and one token of every other.</summary>
    public List<int>[] Greedy(int[][] prompts, int[] newTokens, int chunk)
    {
        var sequences = prompts.Select(p => p.ToList()).ToArray();
        var pages = prompts.Select((p, i) => Allocate(p.Length + newTokens[i])).ToArray();
        var done = new int[prompts.Length];
        for (var members = new List<int>(); ; members.Clear())
        {
            _batch.Clear();
            for (var i = 0; i < prompts.Length; i++)
            {
                if (sequences[i].Count == prompts[i].Length + newTokens[i]) continue;
                var count = Math.Min(chunk, sequences[i].Count - done[i]);
                _batch.Add(sequences[i].Slice(done[i], count).ToArray(), done[i], pages[i], wantLogits: done[i] + count == sequences[i].Count);
                done[i] += count;
                members.Add(i);
            }

            if (members.Count == 0) break;
            Runner.Forward(_batch);
            for (var index = 0; index < members.Count; index++)
            {
                var i = members[index];
                if (done[i] == sequences[i].Count) sequences[i].Add(Largest(Runner.Logits(index)));
            }
        }

        return [.. sequences.Select((s, i) => s.Skip(prompts[i].Length).ToList())];
    }

    private static int Largest(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }

        return best;
    }

    /// <summary>Pages for so many tokens, in no particular order.</summary>
    public int[] Allocate(int tokens)
    {
        var pages = new int[Pool.Layout.PagesFor(tokens)];
        Assert.True(Pool.TryAllocate(pages));
        new Random(7).Shuffle(pages);
        return pages;
    }

    public void Dispose()
    {
        Runner.Dispose();
        Pool.Dispose();
        _weights.Dispose();
        _device.Dispose();
    }

    private static KvDtype Fitting(WeightDtype activations) => activations switch
    {
        WeightDtype.F32 => KvDtype.F32,
        WeightDtype.F16 => KvDtype.F16,
        _ => KvDtype.BF16,
    };
}
