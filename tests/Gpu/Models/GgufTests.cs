using ActorInference.Gpu.ChatTemplates;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Tests.Models;

/// <summary>Models as GGUF files: the same model as the folder that they were made from.</summary>
public sealed class GgufTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gguf-").FullName;

    [SkippableFact]
    public void A_converted_model_tells_the_same_stories()
    {
        var stories = Stories.Find();
        using var harness = new RunnerHarness(Convert(stories.Folder, WeightDtype.F32));

        foreach (var expected in stories.Cases)
        {
            var logits = harness.Prefill(expected.PromptIds, harness.Allocate(expected.PromptIds.Length), 512);
            for (var i = 0; i < logits.Length; i++) Assert.InRange(logits[i], expected.LogitsAfterPrompt[i] - 1e-3f, expected.LogitsAfterPrompt[i] + 1e-3f);
            Assert.Equal(expected.GreedyIds, harness.Greedy([expected.PromptIds], [expected.GreedyIds.Length], 512)[0]);
        }
    }

    [SkippableFact]
    public void A_converted_tokenizer_gives_the_same_ids_and_texts()
    {
        var stories = Stories.Find();
        var (folder, file) = (Tokenizer.Load(stories.Folder), Tokenizer.Load(Convert(stories.Folder, WeightDtype.F32)));

        foreach (var text in new[] { "", "Once upon a time", "  two  spaces ", "Lily's dog said: \"Wow!\"\n\nThe end.", "日本 é 🙂", "x<s>y" })
        {
            var ids = folder.Encode(text);
            Assert.Equal(ids, file.Encode(text));
            Assert.Equal(folder.Decode(ids), file.Decode(ids));
        }

        Assert.Equal((folder.BosTokenId, folder.EosTokenId), (file.BosTokenId, file.EosTokenId));
    }

    [Theory]
    [InlineData("llama3")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("linear")]
    [InlineData("gemma3")]
    [InlineData("qwen3moe")]
    public void Every_architecture_computes_the_same_from_either_form(string fixture)
    {
        using var source = new ModelFolder(fixture);
        source.AddTokenizer();
        int[] prompt = [1, 5, 9, 2, 7, 3];
        using var folder = new RunnerHarness(source.Path);
        using var file = new RunnerHarness(Convert(source.Path, WeightDtype.F32));

        var expected = folder.Prefill(prompt, folder.Allocate(prompt.Length), 512);
        var actual = file.Prefill(prompt, file.Allocate(prompt.Length), 512);

        for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - 1e-4f, expected[i] + 1e-4f);
    }

    [Theory]
    [InlineData(WeightDtype.Q8_0, 0.02)]
    [InlineData(WeightDtype.Q4_0, 0.02)]
    [InlineData(WeightDtype.Q5_0, 0.02)]
    [InlineData(WeightDtype.Q4_K, 0.02)]
    [InlineData(WeightDtype.Q6_K, 0.02)]
    [InlineData(WeightDtype.Q4_1, 0.02)]
    [InlineData(WeightDtype.Q5_1, 0.025)]
    [InlineData(WeightDtype.Q2_K, 0.02)]
    [InlineData(WeightDtype.Q3_K, 0.02)]
    [InlineData(WeightDtype.Q5_K, 0.02)]
    [InlineData(WeightDtype.IQ4_NL, 0.02)]
    [InlineData(WeightDtype.IQ4_XS, 0.02)]
    public void Quantized_logits_are_near_those_of_the_same_weights_in_F32(WeightDtype dtype, double deviation)
    {
        var shape = ModelShape.Custom(layers: 2, hidden: 256, heads: 4, kvHeads: 2, headDim: 64, ffn: 512, vocab: 300);
        RandomModel.Write(shape, WeightDtype.F32, Path.Combine(_folder, "random"));
        var quantized = Convert(Path.Combine(_folder, "random"), dtype);
        int[] prompt = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 257)];
        using var exact = new RunnerHarness(Convert(quantized, WeightDtype.F32));
        using var fast = new RunnerHarness(quantized);

        var expected = exact.Prefill(prompt, exact.Allocate(prompt.Length), 512);
        var actual = fast.Prefill(prompt, fast.Allocate(prompt.Length), 512);
        var again = fast.Prefill(prompt, fast.Allocate(prompt.Length), 3);

        double error = 0, size = 0;
        for (var i = 0; i < expected.Length; i++) (error, size) = (error + Math.Pow(actual[i] - expected[i], 2), size + Math.Pow(expected[i], 2));
        Assert.InRange(Math.Sqrt(error / size), 0, deviation);
        Assert.Equal(actual, again);
    }

    [Fact]
    public void The_chat_template_goes_along()
    {
        var source = Path.Combine(_folder, "random");
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 2, 16, 32, 300), WeightDtype.F32, source);

        var template = ChatTemplate.Load(Convert(source, WeightDtype.F16));

        Assert.NotNull(template);
        Assert.Equal(ChatTemplate.LoadText(source), GgufText(Path.Combine(_folder, "F16.gguf")));
    }

    [Fact]
    public void A_folder_with_one_file_means_that_file()
    {
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 2, 16, 32, 300), WeightDtype.F32, Path.Combine(_folder, "random"));
        var alone = Directory.CreateDirectory(Path.Combine(_folder, "alone")).FullName;
        File.Copy(Convert(Path.Combine(_folder, "random"), WeightDtype.Q8_0), Path.Combine(alone, "model.gguf"));

        Assert.Equal(32, ModelConfig.Load(alone).HiddenSize);
        File.Copy(Path.Combine(alone, "model.gguf"), Path.Combine(alone, "other.gguf"));
        var several = Assert.Throws<ModelFormatException>(() => ModelConfig.Load(alone));
        Assert.Contains("one with 2 .gguf files; expected one .gguf file", several.Message);
    }

    [Fact]
    public void A_damaged_head_never_fails_otherwise_than_by_its_own_exception()
    {
        const int seed = 11;
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 1, 16, 32, 260), WeightDtype.F32, Path.Combine(_folder, "random"));
        var good = File.ReadAllBytes(Convert(Path.Combine(_folder, "random"), WeightDtype.Q8_0));
        var random = new Random(seed);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 50_000; i++)
        {
            var bytes = Damage(good, random);
            try
            {
                GgufHeader.Parse("damaged.gguf", bytes, bytes.Length);
            }
            catch (ModelFormatException refused)
            {
                Assert.True(refused.Message.StartsWith("damaged.gguf: ", StringComparison.Ordinal) && !refused.Message.Contains('\n'), $"seed {seed}, mutation {i}: {refused.Message}");
            }
            catch (Exception other)
            {
                Assert.Fail($"seed {seed}, mutation {i}: {other}");
            }
        }

        // No count in a file makes more than it is long.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 50_000, 0, 40L * good.Length);
    }

    [Theory]
    [InlineData(0, (byte)'X', "magic is 0x46554758; expected \"GGUF\".")]
    [InlineData(4, (byte)9, "version is 9; expected 3.")]
    public void A_wrong_beginning_is_named(int offset, byte value, string expected)
    {
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 1, 16, 32, 260), WeightDtype.F32, Path.Combine(_folder, "random"));
        var path = Convert(Path.Combine(_folder, "random"), WeightDtype.F16);
        var bytes = File.ReadAllBytes(path);
        bytes[offset] = value;
        File.WriteAllBytes(path, bytes);

        var refused = Assert.Throws<ModelFormatException>(() => ModelConfig.Load(path));

        Assert.Equal($"{path}: {expected}", refused.Message);
    }

    [Fact]
    public void A_truncated_file_is_named()
    {
        RandomModel.Write(ModelShape.Custom(1, 32, 2, 1, 16, 32, 260), WeightDtype.F32, Path.Combine(_folder, "random"));
        var path = Convert(Path.Combine(_folder, "random"), WeightDtype.F16);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^100]);

        var refused = Assert.Throws<ModelFormatException>(() => ModelWeights.Load(path));

        Assert.Contains("the file is truncated", refused.Message);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Damage(byte[] good, Random random)
    {
        var bytes = (byte[])good.Clone();
        // Where counts, types and lengths are.
        var head = Math.Min(bytes.Length, 2_000);
        for (var hit = random.Next(1, 5); hit > 0; hit--)
        {
            var at = random.Next(random.Next(3) == 0 ? bytes.Length : head);
            bytes[at] = random.Next(3) switch { 0 => 0xff, 1 => (byte)random.Next(256), _ => (byte)(bytes[at] ^ 1 << random.Next(8)) };
        }

        return random.Next(8) == 0 ? bytes[..random.Next(1, bytes.Length)] : bytes;
    }

    private static string? GgufText(string path)
    {
        using var file = GgufFile.Open(path);
        return file.Metadata.Text("tokenizer.chat_template");
    }

    private string Convert(string source, WeightDtype dtype)
    {
        var target = Path.Combine(_folder, $"{dtype}.gguf");
        GgufConverter.Convert(source, target, dtype);
        return target;
    }
}
