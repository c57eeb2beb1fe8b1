using ActorInference.Gpu.ChatTemplates;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>Folders made of GGUF files and of other folders: they load, and answer the same.</summary>
public sealed class FolderConverterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("folders-").FullName;

    [SkippableFact]
    public void A_folder_made_of_a_file_tells_the_same_stories_with_the_same_words()
    {
        var stories = Stories.Find();
        var (file, back) = (At("stories.gguf"), At("back"));
        GgufConverter.Convert(stories.Folder, file, WeightDtype.F32);

        FolderConverter.Convert(file, back, WeightDtype.F32);

        using var harness = new RunnerHarness(back);
        foreach (var expected in stories.Cases)
            Assert.Equal(expected.GreedyIds, harness.Greedy([expected.PromptIds], [expected.GreedyIds.Length], 512)[0]);
        var (before, after) = (Tokenizer.Load(stories.Folder), Tokenizer.Load(back));
        foreach (var text in new[] { "", "Once upon a time", "  two  spaces ", "日本 é 🙂", "x<s>y" }) Assert.Equal(before.Encode(text), after.Encode(text));
        Assert.Equal((before.BosTokenId, before.EosTokenId), (after.BosTokenId, after.EosTokenId));
        Assert.Equal(ModelConfig.Load(file).EosTokenIds.Order(), ModelConfig.Load(back).EosTokenIds.Order());
    }

    [Theory]
    [InlineData(WeightDtype.F32, 1e-6)]
    [InlineData(WeightDtype.F16, 2e-3)]
    [InlineData(WeightDtype.BF16, 2e-2)]
    public void Logits_of_a_dequantized_folder_are_those_of_its_weights_within_the_types_rounding(WeightDtype dtype, double deviation)
    {
        RandomModel.Write(ModelShape.Custom(layers: 2, hidden: 256, heads: 4, kvHeads: 2, headDim: 64, ffn: 512, vocab: 300), WeightDtype.F32, At("random"));
        GgufConverter.Convert(At("random"), At("q.gguf"), WeightDtype.Q8_0);
        GgufConverter.Convert(At("q.gguf"), At("exact.gguf"), WeightDtype.F32);

        FolderConverter.Convert(At("q.gguf"), At("back"), dtype);

        var (expected, actual) = (Logits(At("exact.gguf")), Logits(At("back")));
        double error = 0, size = 0;
        for (var i = 0; i < expected.Length; i++) (error, size) = (error + Math.Pow(actual[i] - expected[i], 2), size + Math.Pow(expected[i], 2));
        Assert.InRange(Math.Sqrt(error / size), 0, deviation);
        Assert.Contains(dtype.TorchName(), File.ReadAllText(Path.Combine(At("back"), "config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_chat_template_and_the_ends_of_turns_go_along()
    {
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 2, 16, 32, 300), WeightDtype.F32, At("random"));
        GgufConverter.Convert(At("random"), At("m.gguf"), WeightDtype.F16);

        FolderConverter.Convert(At("m.gguf"), At("back"), WeightDtype.F16);

        Assert.NotNull(ChatTemplate.Load(At("back")));
        Assert.Equal(ChatTemplate.LoadText(At("random")), ChatTemplate.LoadText(At("back")));
        Assert.Equal(ModelConfig.Load(At("random")).EosTokenIds.ToArray(), ModelConfig.Load(At("back")).EosTokenIds.ToArray());
        Assert.Equal(Tokenizer.Load(At("random")).Encode("Hello, wörld"), Tokenizer.Load(At("back")).Encode("Hello, wörld"));
    }

    [Fact]
    public void A_folder_becomes_another_in_shards_and_keeps_its_other_files()
    {
        RandomModel.Write(ModelShape.Custom(2, 64, 2, 2, 32, 96, 300), WeightDtype.F32, At("random"));
        File.WriteAllText(Path.Combine(At("random"), "generation_config.json"), """{"temperature":0.5}""");

        FolderConverter.Convert(At("random"), At("small"), WeightDtype.BF16, maxShardBytes: 50_000);

        Assert.True(Directory.GetFiles(At("small"), "model-*.safetensors").Length > 1);
        Assert.Equal(0.5f, GenerationDefaults.Load(At("small")).Temperature);
        GgufConverter.Convert(At("small"), At("same.gguf"), WeightDtype.BF16);
        Assert.Equal(Logits(At("same.gguf")), Logits(At("small")));
    }

    [Fact]
    public void A_folder_without_spaces_before_its_texts_has_none_as_a_file_either()
    {
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 2, 16, 32, 300), WeightDtype.F32, At("random"));
        var bytes = string.Concat(Enumerable.Range(0, 256).Select(value => $",\"<0x{value:X2}>\":{4 + value}"));
        File.WriteAllText(Path.Combine(At("random"), "tokenizer.json"), """
            {"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},
             "pre_tokenizer":{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious"},
             "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]},
             "model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0,"b":1,"▁":2,"▁a":3,BYTES},"merges":["▁ a"]}}
            """.Replace(",BYTES", bytes, StringComparison.Ordinal));
        File.Delete(Path.Combine(At("random"), "tokenizer_config.json"));

        GgufConverter.Convert(At("random"), At("m.gguf"), WeightDtype.F16);

        var (folder, file) = (Tokenizer.Load(At("random")), Tokenizer.Load(At("m.gguf")));
        foreach (var text in new[] { "a", " a", "b a", "ab  a" })
        {
            Assert.Equal(folder.Encode(text), file.Encode(text));
            Assert.Equal(text, file.Decode(file.Encode(text)));
        }
    }

    [Fact]
    public void A_weight_beyond_half_precision_is_refused_by_its_name_and_leaves_no_weights()
    {
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 2, 16, 32, 300), WeightDtype.F32, At("random"));
        var path = Path.Combine(At("random"), "model.safetensors");
        TensorEntry entry;
        using (var file = SafetensorsFile.Open(path)) entry = file.Tensors["model.layers.0.mlp.down_proj.weight"];
        using (var stream = File.OpenWrite(path))
        {
            stream.Position = entry.OffsetBytes + 40;
            stream.Write(BitConverter.GetBytes(1e6f));
        }

        var refused = Assert.Throws<ModelFormatException>(() => FolderConverter.Convert(At("random"), At("half"), WeightDtype.F16));

        Assert.Equal($"{path}: model.layers.0.mlp.down_proj.weight is beyond what F16 can hold somewhere; expected numbers that fit, or another type such as bf16.", refused.Message);
        Assert.Empty(Directory.GetFiles(At("half"), "*.safetensors"));
    }

    [Fact]
    public void A_model_is_not_written_over_itself()
    {
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 2, 16, 32, 300), WeightDtype.F32, At("random"));

        var refused = Assert.Throws<ModelFormatException>(() => FolderConverter.Convert(At("random"), At("random") + "/", WeightDtype.BF16));

        Assert.EndsWith("target is the source; expected another folder.", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(At("random"), "model.safetensors")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private static float[] Logits(string model)
    {
        using var harness = new RunnerHarness(model);
        int[] prompt = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 257)];
        return harness.Prefill(prompt, harness.Allocate(prompt.Length), 512);
    }
}
