using System.Text.Json;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Gpu.Tests.Models;

public sealed class RandomModelTests : IDisposable
{
    private static readonly ModelShape Small = ModelShape.Custom(layers: 2, hidden: 48, heads: 6, kvHeads: 2, headDim: 10, ffn: 70, vocab: 300);

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-random-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.F16)]
    [InlineData(WeightDtype.BF16)]
    public void A_written_model_runs_and_says_different_things_to_different_prompts(WeightDtype dtype)
    {
        RandomModel.Write(Small, dtype, _folder);
        using var harness = new RunnerHarness(_folder);

        var first = harness.Prefill([1, 2, 3], harness.Allocate(3), 512);
        var second = harness.Prefill([1, 2, 4], harness.Allocate(3), 512);

        Assert.All(first, logit => Assert.True(float.IsFinite(logit)));
        Assert.InRange(first.Max() - first.Min(), 0.5f, 50f);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void The_configuration_reads_back_as_the_shape()
    {
        foreach (var shape in ModelShape.Known.Append(Small))
        {
            var file = Path.Combine(_folder, "config.json");
            ModelConfigWriter.Write(shape.Config, file);

            Assert.Equal(shape.Config with { EosTokenIds = [] }, ModelConfig.Load(_folder) with { EosTokenIds = [] });
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others()
    {
        RandomModel.Write(Small, WeightDtype.BF16, _folder, seed: 7);
        var first = File.ReadAllBytes(Path.Combine(_folder, "model.safetensors"));
        RandomModel.Write(Small, WeightDtype.BF16, _folder, seed: 7);
        var again = File.ReadAllBytes(Path.Combine(_folder, "model.safetensors"));
        RandomModel.Write(Small, WeightDtype.BF16, _folder, seed: 8);

        Assert.Equal(first, again);
        Assert.NotEqual(first, File.ReadAllBytes(Path.Combine(_folder, "model.safetensors")));
    }

    [Fact]
    public void Shards_hold_the_same_model_as_one_file()
    {
        RandomModel.Write(Small, WeightDtype.F32, _folder);
        float[] whole, sharded;
        using (var harness = new RunnerHarness(_folder)) whole = harness.Prefill([5, 6], harness.Allocate(2), 512);
        var reports = new List<LoadProgress>();
        RandomModel.Write(Small, WeightDtype.F32, _folder, progress: new Recorder(reports), maxShardBytes: 60_000);
        using (var harness = new RunnerHarness(_folder)) sharded = harness.Prefill([5, 6], harness.Allocate(2), 512);

        Assert.False(File.Exists(Path.Combine(_folder, "model.safetensors")));
        Assert.True(Directory.GetFiles(_folder, "model-*.safetensors").Length > 2);
        Assert.Equal(whole, sharded);
        Assert.Equal(reports[^1].TotalBytes, reports[^1].LoadedBytes);
    }

    [Fact]
    public void Weights_are_normal_with_the_deviation_that_keeps_activations_level()
    {
        var numbers = new float[1 << 20];
        NormalNumbers.Fill(3, 0, numbers);

        var deviation = Math.Sqrt(numbers.Average(x => (double)x * x));
        Assert.InRange(numbers.Average(), -0.005f, 0.005f);
        Assert.InRange(deviation, 0.99, 1.01);
        Assert.InRange(numbers.Count(x => Math.Abs(x) < 1) / (double)numbers.Length, 0.677, 0.688);
        Assert.InRange(numbers.Max(), 3.9f, 4.7f);
    }

    [Fact]
    public void The_tokenizer_has_a_token_for_every_byte_and_every_id()
    {
        RandomModel.Write(Small, WeightDtype.F16, _folder);

        using var tokenizer = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "tokenizer.json")));
        var vocab = tokenizer.RootElement.GetProperty("model").GetProperty("vocab");
        Assert.Equal(Enumerable.Range(0, 300), vocab.EnumerateObject().Select(entry => entry.Value.GetInt32()));
        Assert.Equal(300, vocab.EnumerateObject().Select(entry => entry.Name).Distinct().Count());
        Assert.Equal(65, vocab.GetProperty("A").GetInt32());
        Assert.Equal(32, vocab.GetProperty("\u0120").GetInt32());
        Assert.Equal(10, vocab.GetProperty("\u010a").GetInt32());
        Assert.Equal(256, ModelConfig.Load(_folder).EosTokenIds[0]);
    }

    [Theory]
    [InlineData(0, 64, 4, 4, 16, 300)]
    [InlineData(1, 64, 5, 4, 16, 300)]
    [InlineData(1, 64, 4, 4, 15, 300)]
    [InlineData(1, 64, 4, 4, 16, 256)]
    [InlineData(1, 0, 4, 4, 16, 300)]
    public void An_impossible_shape_is_refused(int layers, int hidden, int heads, int kvHeads, int headDim, int vocab)
    {
        Assert.Throws<ArgumentException>(() => ModelShape.Custom(layers, hidden, heads, kvHeads, headDim, ffn: 64, vocab));
    }

    [Fact]
    public void An_unknown_shape_is_refused_with_the_known_ones()
    {
        Assert.Contains("qwen2.5-0.5b", Assert.Throws<ArgumentException>(() => ModelShape.Find("gpt-5")).Message);
    }

    private sealed class Recorder(List<LoadProgress> reports) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => reports.Add(value);
    }
}
