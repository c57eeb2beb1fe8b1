using ActorInference.Actors.Kv;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.Tests.Benchmarks;

/// <summary>The shipped model on texts that it was not trained on, in every type of weights and of keys and values.</summary>
public sealed class PerplexityTests : IDisposable
{
    private const int Documents = 24;

    private static readonly string Model = Path.Combine(AppContext.BaseDirectory, "Models", "demo");
    private static readonly Lazy<double> Exact = new(() => Measure(Model, KvDtype.F32));

    private readonly string _folder = Directory.CreateTempSubdirectory("perplexity-").FullName;

    [Theory]
    [InlineData(WeightDtype.F16, 0.001)]
    [InlineData(WeightDtype.Q8_0, 0.01)]
    [InlineData(WeightDtype.Q6_K, 0.02)]
    [InlineData(WeightDtype.Q5_0, 0.06)]
    [InlineData(WeightDtype.Q4_K, 0.06)]
    [InlineData(WeightDtype.Q5_K, 0.06)]
    public void Quantized_weights_predict_held_text_nearly_as_well(WeightDtype dtype, double part)
    {
        var file = Path.Combine(_folder, $"{dtype}.gguf");
        GgufConverter.Convert(Model, file, dtype);

        Assert.InRange(Measure(file, KvDtype.F32) / Exact.Value, 1 - part, 1 + part);
    }

    [Theory]
    [InlineData(KvDtype.F16, 0.001)]
    [InlineData(KvDtype.BF16, 0.01)]
    [InlineData(KvDtype.Q8_0, 0.01)]
    public void Narrow_keys_and_values_predict_held_text_nearly_as_well(KvDtype dtype, double part)
    {
        Assert.InRange(Measure(Model, dtype) / Exact.Value, 1 - part, 1 + part);
    }

    [Fact]
    public void A_text_without_a_document_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Perplexity.Measure(Model, " \n\n ", KvDtype.F32, 1));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static double Measure(string model, KvDtype dtype)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Models", "heldout.txt"));
        var some = string.Join("\n\n", text.Split("\n\n").Take(Documents));
        return Perplexity.Measure(model, some, dtype, threads: 2).Value;
    }
}
