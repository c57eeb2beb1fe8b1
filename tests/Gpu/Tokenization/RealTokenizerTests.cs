using System.Text;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>The tokenizers of Qwen3 and Llama 3, against another implementation that reads the same files.</summary>
public sealed class RealTokenizerTests(ReferenceTokenizers reference) : IClassFixture<ReferenceTokenizers>
{
    private const int Texts = 2500;
    private const int Seed = 20261;

    private static readonly Dictionary<string, Lazy<Tokenizer>> Loaded = new()
    {
        ["qwen3"] = new(() => Tokenizer.Load(ReferenceTokenizers.ModelFolder("qwen3"))),
        ["llama3"] = new(() => Tokenizer.Load(ReferenceTokenizers.ModelFolder("llama3"))),
    };

    private static readonly Dictionary<string, string[]> Specials = new()
    {
        ["qwen3"] = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>", "<tool_call>", "<|", "|>", " <|im_end|> "],
        ["llama3"] = ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|reserved_special_token_17|>", "<|", "|>"],
    };

    public static TheoryData<string> Names => ["qwen3", "llama3"];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task Random_texts_give_the_ids_of_the_reference(string name)
    {
        var tokenizer = Find(name);
        var texts = RandomTexts(name, Seed);

        var expected = await reference.EncodeAsync(name, texts);

        for (var i = 0; i < texts.Length; i++)
        {
            var ids = tokenizer.Encode(texts[i], addSpecialTokens: false);
            Assert.True(expected[i].AsSpan().SequenceEqual(ids), $"seed {Seed}, text {i}: {Difference(tokenizer, texts[i], expected[i], ids)}");
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task Random_ids_give_the_text_of_the_reference(string name)
    {
        var tokenizer = Find(name);
        var random = new Random(Seed);
        var rows = Enumerable.Range(0, 500).Select(_ => RandomIds(random)).ToArray();

        var expected = await reference.AskAsync([.. rows.Select(ids => new { tokenizer = name, ids })]);

        for (var i = 0; i < rows.Length; i++) Assert.Equal(expected[i].GetString(), tokenizer.Decode(rows[i], skipSpecialTokens: false));
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Decoding_what_was_encoded_gives_the_normalized_text(string name)
    {
        var tokenizer = Find(name);
        foreach (var (i, text) in RandomTexts(name, Seed + 1).Index())
        {
            var ids = tokenizer.Encode(text);
            var expected = name == "qwen3" ? Normalized(text) : text;
            Assert.True(expected == tokenizer.Decode(ids, skipSpecialTokens: false), $"seed {Seed + 1}, text {i}: {Escape(text)}");
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void A_stream_gives_whole_characters_that_add_up_to_the_text(string name)
    {
        var tokenizer = Find(name);
        foreach (var (i, text) in RandomTexts(name, Seed + 2).Index())
        {
            var ids = tokenizer.Encode(text);
            var stream = tokenizer.CreateStream(skipSpecialTokens: false);
            var pieces = ids.Select(stream.Push).Append(stream.Flush()).ToList();

            Assert.True(tokenizer.Decode(ids, skipSpecialTokens: false) == string.Concat(pieces), $"seed {Seed + 2}, text {i}: {Escape(text)}");
            Assert.All(pieces, piece => Assert.True(IsWellFormed(piece), $"seed {Seed + 2}, text {i}: a half of a surrogate pair in {Escape(piece)}"));
            if (!text.Contains('\uFFFD', StringComparison.Ordinal)) Assert.DoesNotContain(pieces, piece => piece.Contains('\uFFFD', StringComparison.Ordinal));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void A_stream_of_any_tokens_is_the_text_of_all_their_bytes(string name)
    {
        var tokenizer = Find(name);
        var random = new Random(Seed + 3);
        for (var round = 0; round < 500; round++)
        {
            var ids = RandomIds(random);
            var stream = tokenizer.CreateStream(skipSpecialTokens: false);
            var text = string.Concat(ids.Select(stream.Push).ToList()) + stream.Flush();
            Assert.Equal(Encoding.UTF8.GetString([.. ids.SelectMany(tokenizer.TokenBytes)]), text);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Half_a_surrogate_pair_is_encoded_as_the_replacement_character(string name)
    {
        var tokenizer = Find(name);
        foreach (var half in (string[])["\uD83D", "\uDE00", "\uDE00\uD83D", "\uD83D\uD83D"])
        {
            var replaced = new string('\uFFFD', half.Length);
            Assert.Equal(tokenizer.Encode($"a{replaced}e\u0301 b"), tokenizer.Encode($"a{half}e\u0301 b"));
        }
    }

    [SkippableFact]
    public void The_named_tokens_are_those_of_the_configuration()
    {
        var (qwen, llama) = (Find("qwen3"), Find("llama3"));
        Assert.Equal((null, 151645, 151669), (qwen.BosTokenId, qwen.EosTokenId, qwen.VocabSize));
        Assert.Equal((128000, 128001, 128256), (llama.BosTokenId, llama.EosTokenId, llama.VocabSize));
        Assert.True(qwen.IsSpecial(151645));
        Assert.False(qwen.IsSpecial(151668));   // </think> is text that a client sees.
    }

    private static Tokenizer Find(string name)
    {
        ReferenceTokenizers.ModelFolder(name);
        return Loaded[name].Value;
    }

    private static string[] RandomTexts(string name, int seed)
    {
        var random = new RandomText(seed, Specials[name]);
        return [.. Enumerable.Range(0, Texts).Select(_ => random.Next())];
    }

    private static int[] RandomIds(Random random) => [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(100_000))];

    private static string Normalized(string text) =>
        new Gpu.Tokenization.Unicode.UnicodeNormalizer(NormalizationForm.FormC).Normalize(text).ToString();

    private static bool IsWellFormed(string text) => text.EnumerateRunes().Sum(rune => rune.Utf16SequenceLength) == text.Length &&
        !text.Where((c, i) => char.IsSurrogate(c) && !(i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1])) && !(i > 0 && char.IsSurrogatePair(text[i - 1], c))).Any();

    private static string Difference(Tokenizer tokenizer, string text, int[] expected, int[] actual)
    {
        var same = expected.AsSpan().CommonPrefixLength(actual);
        string Around(int[] ids) => string.Join(" ", ids.Skip(same).Take(8).Select(id => $"{id}:{Escape(tokenizer.TokenText(id))}"));
        return $"token {same}: expected {Around(expected)}; was {Around(actual)}; in {Escape(text)}";
    }

    private static string Escape(string text) => string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:X4}"));
}
