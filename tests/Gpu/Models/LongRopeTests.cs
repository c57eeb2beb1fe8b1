using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>Phi-3's rotations for long contexts, from either form of model, against the method's formulas written out.</summary>
public sealed unsafe class LongRopeTests : IDisposable
{
    private const int Pairs = 6;
    private const int Original = 32;

    private static readonly double[] Short = [1, 1.05, 1.1, 1.5, 2, 2.5];
    private static readonly double[] Long = [1.02, 1.5, 3, 7, 20, 41.5];

    private readonly ModelFolder _folder = new("phi3");
    private readonly string _target = Directory.CreateTempSubdirectory("longrope-").FullName;

    [Theory]
    [InlineData(128, "longrope")]
    [InlineData(4096, "su")]
    [InlineData(32, "longrope")]
    public void Rotations_are_those_of_the_method(int context, string name)
    {
        Configure(context, name);

        AssertTable(ModelConfig.Load(_folder.Path).Rope, context > Original ? Long : Short, MethodFactor(context));
    }

    [Fact]
    public void A_factor_that_is_given_replaces_the_methods()
    {
        Configure(128, "longrope", ",\"attention_factor\":1.25");

        AssertTable(ModelConfig.Load(_folder.Path).Rope, Long, 1.25);
    }

    [Fact]
    public void The_original_context_may_stand_in_the_object()
    {
        Configure(128, "longrope", $",\"original_max_position_embeddings\":{Original}");
        _folder.SetConfig("original_max_position_embeddings", null);

        AssertTable(ModelConfig.Load(_folder.Path).Rope, Long, MethodFactor(128));
    }

    [Theory]
    [InlineData(128)]
    [InlineData(32)]
    public void Either_form_and_the_way_back_compute_the_same(int context)
    {
        Configure(context, "longrope");
        var file = Path.Combine(_target, "model.gguf");
        GgufConverter.Convert(_folder.Path, file, WeightDtype.F32);
        var back = Path.Combine(_target, "back");
        FolderConverter.Convert(file, back, WeightDtype.F32);

        AssertTable(ModelConfig.Load(file).Rope, context > Original ? Long : Short, MethodFactor(context));
        AssertTable(ModelConfig.Load(back).Rope, context > Original ? Long : Short, MethodFactor(context));
        var expected = Logits(_folder.Path);
        foreach (var form in new[] { file, back })
        {
            var actual = Logits(form);
            for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - 1e-4f, expected[i] + 1e-4f);
        }
    }

    [Fact]
    public void Names_are_those_that_llama_cpp_reads()
    {
        Configure(128, "longrope");
        var path = Path.Combine(_target, "model.gguf");
        GgufConverter.Convert(_folder.Path, path, WeightDtype.F32);
        using var file = GgufFile.Open(path);

        Assert.Equal("[6]", file.Tensors["rope_factors_long.weight"].ShapeText);
        Assert.Equal("[6]", file.Tensors["rope_factors_short.weight"].ShapeText);
        Assert.Equal(Original, file.Metadata.Int("phi3.rope.scaling.original_context_length", 1, 1 << 20));
        Assert.Equal(MethodFactor(128), file.Metadata.Number("phi3.rope.scaling.attn_factor", 0, 10), 1e-6);
    }

    [Theory]
    [InlineData("{\"type\":\"longrope\",\"long_factor\":[1,1,1,1,1,1]}", "short_factor is missing")]
    [InlineData("{\"type\":\"longrope\",\"short_factor\":[1,1,1,1,1,1],\"long_factor\":[1,1]}", "a list of 6 positive numbers")]
    [InlineData("{\"type\":\"su\",\"short_factor\":[1,1,1,1,1,0],\"long_factor\":[1,1,1,1,1,1]}", "a list of 6 positive numbers")]
    public void Wrong_factors_are_one_clear_error(string scaling, string expected)
    {
        _folder.SetConfig("original_max_position_embeddings", $"{Original}");
        _folder.SetConfig("rope_scaling", scaling);

        var refused = Assert.Throws<ModelFormatException>(() => ModelConfig.Load(_folder.Path));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_the_short_factors_is_refused()
    {
        Configure(128, "longrope");
        var path = Path.Combine(_target, "model.gguf");
        GgufConverter.Convert(_folder.Path, path, WeightDtype.F32);
        GgufEdit.Without(path, "rope_factors_short.weight");

        var refused = Assert.Throws<ModelFormatException>(() => ModelConfig.Load(path));
        Assert.Contains("rope_factors_short.weight is missing", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _folder.Dispose();
        Directory.Delete(_target, recursive: true);
    }

    private void Configure(int context, string name, string more = "")
    {
        _folder.AddTokenizer();
        _folder.SetConfig("max_position_embeddings", $"{context}");
        _folder.SetConfig("original_max_position_embeddings", $"{Original}");
        _folder.SetConfig("rope_scaling", $"{{\"type\":\"{name}\",\"short_factor\":[{List(Short)}],\"long_factor\":[{List(Long)}]{more}}}");

        static string List(double[] values) => string.Join(',', values.Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static double MethodFactor(int context) => context <= Original ? 1 : Math.Sqrt(1 + Math.Log((double)context / Original) / Math.Log(Original));

    private static void AssertTable(RopeParameters rope, double[] factors, double attention)
    {
        const int positions = 32;
        using var table = new RopeTable(rope, 2 * Pairs, positions);
        for (var position = 0; position < positions; position++)
        {
            for (var pair = 0; pair < Pairs; pair++)
            {
                var angle = position / (factors[pair] * Math.Pow(10_000, 2.0 * pair / (2 * Pairs)));
                Assert.Equal(attention * Math.Cos(angle), table.Cos(position)[pair], 5e-6);
                Assert.Equal(attention * Math.Sin(angle), table.Sin(position)[pair], 5e-6);
            }
        }
    }

    private static float[] Logits(string model)
    {
        using var harness = new RunnerHarness(model);
        int[] prompt = [1, 5, 9, 2, 7, 3, 200, 11, 42, 17];
        return harness.Prefill(prompt, harness.Allocate(prompt.Length), 512);
    }
}
