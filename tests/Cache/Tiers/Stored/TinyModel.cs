using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Tiers.Stored;

/// <summary>One request: what is asked, and how it is answered.</summary>
internal sealed record Turn(KvNamespaceId Space, int[] Prompt, SamplingOptions Sampling);

/// <summary>A model of random weights that the real runner computes, and what it answers without any cache.</summary>
internal sealed class TinyModel : IDisposable
{
    public const int VocabSize = 257;

    private const int PageSizeTokens = 8;
    private const int PlainPages = 1024;
    private const int MaxBatchTokens = 256;

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-tiny-").FullName;
    private readonly ModelWeights _weights;
    private readonly KvPagePool _pool;
    private readonly CpuModelRunner _runner;

    public TinyModel()
    {
        RandomModel.Write(ModelShape.Custom(layers: 2, hidden: 32, heads: 4, kvHeads: 2, headDim: 8, ffn: 64, vocab: VocabSize), WeightDtype.F32, _folder);
        _weights = ModelWeights.Load(_folder);
        Layout = new KvPageLayout(_weights.Config.Layers, PageSizeTokens, _weights.Config.KvHeads, _weights.Config.HeadDim, KvDtype.F32);
        _pool = new KvPagePool(Layout, PlainPages);
        _runner = CreateRunner(_pool);
    }

    public KvPageLayout Layout { get; }

    public CpuModelRunner CreateRunner(KvPagePool pool) => new(_weights, pool, new CpuRunnerOptions { Threads = 1, MaxBatchTokens = MaxBatchTokens });

    /// <summary>Every answer, computed from the first token on.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Answer(IReadOnlyList<Turn> turns)
    {
        var events = new RecordingEvents(_pool);
        var engine = new InferenceEngine(_runner, new EngineOptions { StepTarget = TimeSpan.Zero }, events, new ManualTime());
        var ids = turns.Select(turn => engine.Add(new SequenceSpec([.. turn.Prompt], [], turn.Sampling, SequenceMode.Generate))).ToList();
        while (engine.Step().DidWork)
        {
        }

        Assert.Equal(0, _pool.UsedPages);
        return ids.ConvertAll(id => events.Tokens[id]);
    }

    public void Dispose()
    {
        _runner.Dispose();
        _pool.Dispose();
        _weights.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
