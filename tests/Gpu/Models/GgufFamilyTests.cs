using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>Every family as a GGUF file: the names and keys that llama.cpp has for it, and the reference's logits.</summary>
public sealed class GgufFamilyTests : IDisposable
{
    private const float Tolerance = 2e-4f;

    private readonly string _folder = Directory.CreateTempSubdirectory("gguf-families-").FullName;
    private readonly List<ModelFolder> _sources = [];

    public static TheoryData<string> Families() => new(Fixture.Names);

    [Theory]
    [MemberData(nameof(Families))]
    public void A_file_of_any_family_computes_what_the_reference_does(string name)
    {
        AssertReference(name, Convert(name));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_folder_made_of_a_file_computes_the_same_as_the_file(string name)
    {
        var file = Convert(name);
        var folder = Path.Combine(_folder, "back");

        FolderConverter.Convert(file, folder, WeightDtype.F32);

        var (expected, actual) = (Logits(file), Logits(folder));
        // Llama 3's stretch is a table of floats in a file, and a formula in a folder.
        var tolerance = name == "llama3" ? 1e-3f : 0;
        for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - tolerance, expected[i] + tolerance);
        Assert.Equal(Names(name), Names(folder));
    }

    [Theory]
    [InlineData("mistral", "llama", "blk.1.attn_output.weight blk.1.ffn_gate.weight", "llama.attention.sliding_window=21 llama.attention.key_length=20")]
    [InlineData("phi3", "phi3", "blk.0.attn_qkv.weight blk.0.ffn_up.weight blk.0.ffn_down.weight", "phi3.attention.sliding_window=70 phi3.feed_forward_length=54")]
    [InlineData("gemma2", "gemma2", "blk.0.attn_norm.weight blk.0.post_attention_norm.weight blk.0.ffn_norm.weight blk.2.post_ffw_norm.weight",
        "gemma2.attn_logit_softcapping=5 gemma2.final_logit_softcapping=12 gemma2.attention.sliding_window=17")]
    [InlineData("gemma3", "gemma3", "blk.0.attn_q_norm.weight blk.3.attn_k_norm.weight blk.3.post_ffw_norm.weight",
        "gemma3.attention.sliding_window=19 gemma3.attention.sliding_window_pattern=3 gemma3.rope.freq_base=1000000 gemma3.rope.freq_base_swa=10000")]
    [InlineData("mixtral", "llama", "blk.0.ffn_gate_inp.weight blk.0.ffn_gate_exps.weight blk.1.ffn_up_exps.weight blk.1.ffn_down_exps.weight",
        "llama.expert_count=5 llama.expert_used_count=2 llama.feed_forward_length=38")]
    [InlineData("qwen3moe", "qwen3moe", "blk.0.attn_q_norm.weight blk.0.ffn_gate_inp.weight blk.1.ffn_down_exps.weight",
        "qwen3moe.expert_count=9 qwen3moe.expert_used_count=3 qwen3moe.expert_feed_forward_length=22")]
    public void Names_are_those_that_llama_cpp_reads(string name, string architecture, string tensors, string keys)
    {
        using var file = GgufFile.Open(Convert(name));

        Assert.Equal(architecture, file.Metadata.Text("general.architecture"));
        Assert.All(tensors.Split(' '), tensor => Assert.Contains(tensor, file.Tensors));
        Assert.All(keys.Split(' '), pair => Assert.Equal(double.Parse(pair.Split('=')[1]), file.Metadata.Number(pair.Split('=')[0], -1e9, 1e9), 1e-3));
    }

    [Fact]
    public void Tensors_of_experts_and_fused_projections_have_the_formats_shapes()
    {
        using var mixtral = GgufFile.Open(Convert("mixtral"));
        Assert.Equal("[5, 38, 48]", mixtral.Tensors["blk.0.ffn_gate_exps.weight"].ShapeText);
        Assert.Equal("[5, 48, 38]", mixtral.Tensors["blk.0.ffn_down_exps.weight"].ShapeText);
        Assert.Equal("F32", mixtral.Tensors["blk.0.ffn_gate_inp.weight"].Dtype);
        Assert.DoesNotContain(mixtral.Tensors.Keys, name => name.Contains("expert", StringComparison.Ordinal));

        using var phi = GgufFile.Open(Convert("phi3"));
        Assert.Equal("[96, 48]", phi.Tensors["blk.0.attn_qkv.weight"].ShapeText);
        Assert.Equal("[108, 48]", phi.Tensors["blk.0.ffn_up.weight"].ShapeText);
        Assert.DoesNotContain("blk.0.ffn_gate.weight", phi.Tensors);
    }

    [Fact]
    public unsafe void Norms_of_a_Gemma_are_one_more_than_in_its_folder()
    {
        var source = Path.Combine(AppContext.BaseDirectory, "Fixtures", "gemma2", "model.safetensors");
        using var folder = SafetensorsFile.Open(source);
        using var file = GgufFile.Open(Convert("gemma2"));

        foreach (var (huggingFace, gguf) in new[] { ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "post_attention_norm"), ("pre_feedforward_layernorm", "ffn_norm") })
        {
            using var less = folder.Map(folder.Tensors[$"model.layers.1.{huggingFace}.weight"]);
            using var whole = file.Map(file.Tensors[$"blk.1.{gguf}.weight"]);
            for (var i = 0; i < 48; i++) Assert.Equal(1 + Gpu.Cpu.WeightReader.Widen(WeightDtype.BF16, less.Data, i), Gpu.Cpu.WeightReader.Widen(WeightDtype.F32, whole.Data, i));
        }
    }

    [Theory]
    [InlineData("mixtral")]
    [InlineData("qwen3moe")]
    public void Experts_in_tensors_of_their_own_are_read_too(string name)
    {
        var file = Convert(name);
        var together = Logits(file);

        GgufEdit.SplitExperts(file);

        Assert.Equal(together, Logits(file));
    }

    [Theory]
    [InlineData("mixtral", "blk.1.ffn_up_exps.weight", "blk.1.ffn_up_exps.weight is missing; expected a tensor that the file's architecture needs.")]
    [InlineData("phi3", "blk.0.attn_qkv.weight", "blk.0.attn_qkv.weight is missing; expected a tensor that the file's architecture needs.")]
    [InlineData("gemma3", "blk.3.post_ffw_norm.weight", "blk.3.post_ffw_norm.weight is missing; expected a tensor that the file's architecture needs.")]
    [InlineData("mixtral", "llama.expert_used_count", "llama.expert_used_count is missing; expected an integer from 1 to 5.")]
    [InlineData("qwen3moe", "qwen3moe.expert_count", "qwen3moe.expert_count is missing; expected an integer from 1 to 1024.")]
    [InlineData("qwen3moe", "qwen3moe.expert_feed_forward_length", "qwen3moe.expert_feed_forward_length is missing; expected an integer from 1 to 131072.")]
    [InlineData("gemma2", "gemma2.block_count", "gemma2.block_count is missing; expected an integer from 1 to 1024.")]
    public void What_is_missing_is_named(string name, string missing, string expected)
    {
        var file = Convert(name);
        GgufEdit.Without(file, missing);

        var refused = Assert.Throws<ModelFormatException>(() => ModelWeights.Load(file));

        Assert.Equal($"{file}: {expected}", refused.Message);
    }

    [Fact]
    public void An_unknown_architecture_is_told_which_ones_are_known()
    {
        var file = Convert("phi3");
        GgufEdit.Without(file, "general.architecture");

        var refused = Assert.Throws<ModelFormatException>(() => ModelConfig.Load(file));

        Assert.Equal($"{file}: general.architecture is missing; expected one of llama, qwen2, qwen3, qwen3moe, phi3, gemma2, gemma3.", refused.Message);
    }

    [Fact]
    public void A_model_lacks_a_tensor_before_anything_is_written()
    {
        var file = Convert("mixtral");
        GgufEdit.Without(file, "blk.0.attn_k.weight");
        var folder = Path.Combine(_folder, "never");

        Assert.Throws<ModelFormatException>(() => FolderConverter.Convert(file, folder, WeightDtype.BF16));

        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void A_Gemma_that_says_nothing_of_its_windows_and_caps_has_those_of_its_family()
    {
        var file = Convert("gemma2");
        foreach (var key in new[] { "attn_logit_softcapping", "final_logit_softcapping", "attention.sliding_window", "attention.scale" }) GgufEdit.Without(file, $"gemma2.{key}");

        var config = ModelConfig.Load(file);

        Assert.Equal((50f, 30f, 4096), (config.AttentionSoftcap, config.LogitSoftcap, config.SlidingWindow));
        Assert.Equal((float)(1 / Math.Sqrt(24)), config.AttentionScale);
        Assert.Equal([4096, null, 4096], Enumerable.Range(0, 3).Select(config.WindowOf));
    }

    public void Dispose()
    {
        foreach (var source in _sources) source.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static void AssertReference(string name, string model)
    {
        var fixture = Fixture.Load(name);
        using var harness = new RunnerHarness(model, pageSize: 4, poolTokens: 512);
        foreach (var (position, expected) in fixture.Logits)
        {
            var pages = harness.Allocate(position + 1);
            var actual = harness.Prefill(fixture.Ids.AsSpan(0, position + 1), pages, chunk: 32);
            harness.Pool.Release(pages);
            for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - Tolerance, expected[i] + Tolerance);
        }
    }

    private static float[] Logits(string model)
    {
        using var harness = new RunnerHarness(model);
        return harness.Prefill(Fixture.Load("mixtral").Ids.AsSpan(0, 80), harness.Allocate(80), chunk: 80);
    }

    /// <summary>Names, shapes and sizes of a folder's tensors; of a fixture by its name.</summary>
    private static List<string> Names(string folder)
    {
        if (!Path.IsPathRooted(folder)) folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", folder);
        var names = new List<string>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.safetensors"))
        {
            using var file = SafetensorsFile.Open(path);
            names.AddRange(file.Tensors.Values.Select(entry => $"{entry.Name} {entry.ShapeText}"));
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>A fixture as a file of F32; fixtures of numerics have no tokenizer, hence one is added.</summary>
    private string Convert(string name)
    {
        var source = new ModelFolder(name);
        _sources.Add(source);
        source.AddTokenizer();
        var target = Path.Combine(_folder, $"{name}.gguf");
        GgufConverter.Convert(source.Path, target, WeightDtype.F32);
        return target;
    }
}
