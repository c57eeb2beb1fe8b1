using System.Text.Json;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>The tokenizers of the models that this repository comes with or is tested with: byte-level and byte-fallback.</summary>
public sealed class ModelTokenizerTests
{
    private static readonly string[] Words = ["Once", " upon", " a", "  ", "\n", "é", "世", "🙂", "<s>", "<|end|>", "'s", "12345", "\t", "ſ", "e\u0301", "▁"];

    [Fact]
    public void The_demo_model_reproduces_its_prompt_ids_and_texts() => CheckReference(Demo());

    [SkippableFact]
    public void The_stories_model_reproduces_its_prompt_ids_and_texts() => CheckReference(Stories.Find().Folder);

    [Fact]
    public void Texts_survive_the_demo_tokenizer() => CheckRoundTrips(Tokenizer.Load(Demo()), text => text);

    [SkippableFact]
    public void Texts_survive_the_byte_fallback_tokenizer()
    {
        // "▁" is how this tokenizer writes a space, and so comes back as one.
        CheckRoundTrips(Tokenizer.Load(Stories.Find().Folder), text => text.Replace('▁', ' '));
    }

    [SkippableFact]
    public void Characters_outside_the_vocabulary_are_their_bytes()
    {
        var tokenizer = Tokenizer.Load(Stories.Find().Folder);

        var ids = tokenizer.Encode("🙂", addSpecialTokens: false);

        Assert.Equal(5, ids.Length);   // The space in front, and four bytes.
        Assert.Equal([0xF0, 0x9F, 0x99, 0x82], ids[1..].Select(id => Assert.Single(tokenizer.TokenBytes(id))));
        var stream = tokenizer.CreateStream();
        Assert.Equal(["", "", "", "", "🙂"], ids.Select(stream.Push));
    }

    private static string Demo() => Path.Combine(ReferenceTokenizers.Root, "models", "demo");

    private static void CheckReference(string folder)
    {
        var tokenizer = Tokenizer.Load(folder);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "reference.json")));
        var cases = document.RootElement.GetProperty("cases").EnumerateArray().ToList();
        Assert.NotEmpty(cases);
        foreach (var item in cases)
        {
            var (prompt, greedy) = (Ids(item, "prompt_ids"), Ids(item, "greedy_ids"));
            Assert.Equal(prompt, tokenizer.Encode(item.GetProperty("prompt").GetString()!));
            Assert.Equal(item.GetProperty("text").GetString(), tokenizer.Decode([.. prompt, .. greedy]));
        }
    }

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static void CheckRoundTrips(Tokenizer tokenizer, Func<string, string> expected)
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            // A text that begins with an added token has no space in front for the decoder to take off.
            var text = "x" + string.Concat(Enumerable.Range(0, random.Next(0, 20)).Select(_ => Words[random.Next(Words.Length)]));
            var ids = tokenizer.Encode(text, addSpecialTokens: false);
            var stream = tokenizer.CreateStream(skipSpecialTokens: false);
            var streamed = string.Concat(ids.Select(stream.Push).ToList()) + stream.Flush();

            Assert.True(streamed == tokenizer.Decode(ids, skipSpecialTokens: false), $"seed {seed}");
            if (!text.Contains("<s>", StringComparison.Ordinal)) Assert.True(expected(text) == streamed, $"seed {seed}: {text} came back as {streamed}");
        }
    }
}
