using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Gpu.Tests.Ranks;

/// <summary>A model divided over ranks that are threads of this process, each with mappings of its own, as processes have them.</summary>
internal sealed class RankThreads : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<Thread> _threads = [];
    private readonly List<IDisposable> _owned = [];
    private Exception? _failure;

    private RankThreads()
    {
    }

    /// <summary>Skips the test where there can be no ranks.</summary>
    public static void Require() => Skip.IfNot(RankGroup.IsSupported, "Ranks need /dev/shm and futex(2).");

    public static RunnerHarness Create(string model, int ranks, int pageSize = 16, int poolTokens = 4096, int threads = 1, int maxBatchTokens = 512,
        KvDtype kvDtype = KvDtype.F32, SimdLevel? simd = null)
    {
        var config = ModelConfig.Load(model);
        var layout = new KvPageLayout(config.Layers, pageSize, config.KvHeads, config.HeadDim, kvDtype);
        var pool = new KvPagePool(layout, layout.PagesFor(poolTokens), shared: true);
        var floats = RankJoin.BufferFloats(config, ranks, maxBatchTokens);
        var group = RankGroup.Create(ranks, floats, Patience);
        var options = new CpuRunnerOptions { Threads = threads, MaxBatchTokens = maxBatchTokens };
        var others = new RankThreads();
        for (var rank = 1; rank < ranks; rank++)
        {
            var weights = others.Own(ModelWeights.Load(model, ModelShard.Of(model, config, rank, ranks), simd: simd));
            var joined = others.Own(RankGroup.Join(group.Path, rank, ranks, floats, Patience));
            var mapped = others.Own(KvPagePool.Map(layout, pool.CapacityPages, pool.SharedPath!));
            var runner = others.Own(new CpuModelRunner(weights, mapped, options, joined));
            joined.MarkReady();
            others.Start(() => RankWorker.Compute(joined, runner));
        }

        group.AwaitReady(Patience);
        var first = ModelWeights.Load(model, ModelShard.Of(model, config, 0, ranks), simd: simd);
        return new RunnerHarness(new RankedRunner(first, pool, options, group, Patience), config, others, pool, first);
    }

    /// <summary>After the runner, which ends the group.</summary>
    public void Dispose()
    {
        foreach (var thread in _threads) Assert.True(thread.Join(Patience), $"{thread.Name} has not ended.");
        for (var i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        Assert.Null(_failure);
    }

    private void Start(Action compute)
    {
        var thread = new Thread(() =>
        {
            try
            {
                compute();
            }
            catch (Exception failure)
            {
                _failure = failure;   // Told when it is disposed; the runner finds out by its deadline.
            }
        }) { IsBackground = true, Name = $"rank {_threads.Count + 1}" };
        _threads.Add(thread);
        thread.Start();
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }
}
