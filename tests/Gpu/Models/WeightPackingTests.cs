using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>Matrices are computed with in their files until they are packed: nobody can tell by the results.</summary>
public sealed class WeightPackingTests : IDisposable
{
    private const int MaxTokens = 64;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-packing-").FullName;

    public static TheoryData<WeightDtype> Types() => [.. Enum.GetValues<WeightDtype>()];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Types))]
    public void Logits_are_the_same_bits_before_packing_and_after(WeightDtype dtype)
    {
        var file = Write(dtype);
        foreach (var simd in Enum.GetValues<SimdLevel>())
        {
            using var inFile = ModelWeights.Load(file, simd: simd);
            using var packed = ModelWeights.Load(file, simd: simd);
            packed.PackAll();
            foreach (var tokens in (int[])[1, 2, 5, 9, MaxTokens])
            {
                Assert.Equal(FirstStep(packed, tokens), FirstStep(inFile, tokens));
                Assert.False(inFile.Packing.IsDone);
            }
        }
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("gemma3")]
    [InlineData("mixtral")]
    [InlineData("phi3")]
    public void Families_give_the_same_bits_before_packing_and_after(string name)
    {
        var folder = Fixture.Load(name).Folder;
        using var inFile = ModelWeights.Load(folder);
        using var packed = ModelWeights.Load(folder);
        packed.PackAll();

        foreach (var tokens in (int[])[1, 7, 40]) Assert.Equal(FirstStep(packed, tokens), FirstStep(inFile, tokens));
    }

    [Fact]
    public void A_first_step_packs_nothing_and_those_after_it_pack_everything()
    {
        using var weights = ModelWeights.Load(Write(WeightDtype.F16));
        using var pool = Pool(weights);
        using var runner = Runner(weights, pool);
        var expected = Step(runner, 5);
        Assert.False(weights.Packing.IsDone);

        var end = DateTime.UtcNow + Deadline;
        while (!weights.Packing.IsDone && DateTime.UtcNow < end) Assert.Equal(expected, Step(runner, 5));

        Assert.True(weights.Packing.IsDone);
        Assert.Equal(expected, Step(runner, 5));
    }

    [Fact]
    public void Runners_that_share_weights_compute_the_same_while_one_of_them_packs()
    {
        using var weights = ModelWeights.Load(Write(WeightDtype.Q8_0));
        var expected = FirstStep(weights, 5);
        var results = new float[4][][];

        Parallel.For(0, results.Length, new ParallelOptions { MaxDegreeOfParallelism = results.Length }, i =>
        {
            using var pool = Pool(weights);
            using var runner = Runner(weights, pool);
            results[i] = [.. Enumerable.Range(0, 10).Select(_ => Step(runner, 5))];
        });

        Assert.All(results.SelectMany(steps => steps), logits => Assert.Equal(expected, logits));
    }

    [Fact]
    public void Packed_weights_need_their_file_no_more()
    {
        var file = Write(WeightDtype.F16);
        using var weights = ModelWeights.Load(file);
        var expected = FirstStep(weights, 5);
        weights.PackAll();

        // In place: a mapping would see it.
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) stream.Write(new byte[stream.Length]);

        Assert.Equal(expected, FirstStep(weights, 5));
    }

    [Fact]
    public void Of_several_tensors_that_are_not_finite_the_first_is_named()
    {
        var file = Write(WeightDtype.F32);
        string[] spoilt = ["blk.0.attn_q.weight", "blk.0.ffn_down.weight", "output.weight"];
        using (var gguf = GgufFile.Open(file))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            foreach (var name in spoilt)
            {
                stream.Position = gguf.Tensors[name].OffsetBytes + gguf.Tensors[name].LengthBytes - sizeof(float);
                stream.Write(BitConverter.GetBytes(float.NaN));
            }
        }

        var error = Assert.Throws<ModelFormatException>(() => ModelWeights.Load(file).Dispose());

        Assert.Contains($"{spoilt[0]} is not finite somewhere", error.Message);
    }

    /// <summary>Dimensions that every type has whole blocks of, and outputs that are no whole number of panels.</summary>
    private string Write(WeightDtype dtype)
    {
        var source = Path.Combine(_folder, "source");
        RandomModel.Write(ModelShape.Custom(layers: 2, hidden: 256, heads: 4, kvHeads: 2, headDim: 64, ffn: 512, vocab: 300), WeightDtype.F32, source);
        var file = Path.Combine(_folder, "model" + GgufFile.Extension);
        GgufConverter.Convert(source, file, dtype);
        return file;
    }

    private static KvPagePool Pool(ModelWeights weights)
    {
        var config = weights.Config;
        var layout = new KvPageLayout(config.Layers, 16, config.KvHeads, config.HeadDim, KvDtype.F32);
        return new KvPagePool(layout, layout.PagesFor(MaxTokens));
    }

    private static CpuModelRunner Runner(ModelWeights weights, KvPagePool pool) =>
        new(weights, pool, new CpuRunnerOptions { Threads = 2, MaxBatchTokens = MaxTokens, MaxContextTokens = MaxTokens });

    /// <summary>The logits of a new runner's first step, which packs nothing.</summary>
    private static float[] FirstStep(ModelWeights weights, int tokens)
    {
        using var pool = Pool(weights);
        using var runner = Runner(weights, pool);
        return Step(runner, tokens);
    }

    private static float[] Step(CpuModelRunner runner, int tokens)
    {
        var batch = new ForwardBatch();
        batch.Add([.. Enumerable.Range(0, tokens).Select(i => (7 * i + 3) % runner.VocabSize)], 0, [.. Enumerable.Range(0, runner.Pages.Layout.PagesFor(tokens))], wantLogits: true);
        runner.Forward(batch);
        return runner.Logits(0).ToArray();
    }
}
