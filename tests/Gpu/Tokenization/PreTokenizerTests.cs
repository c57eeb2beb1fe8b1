using System.Text.Json.Nodes;
using static ActorInference.Gpu.Tests.Tokenization.TokenizerFolder;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>How texts are cut. What is expected was computed with the tokenizer library that defines the format.</summary>
public sealed class PreTokenizerTests
{
    [Theory]
    [InlineData("Isolated", false, "the|-|final|-|-|the|-")]
    [InlineData("Isolated", true, "the|-|final|-|-|the|-")]
    [InlineData("Removed", false, "the|final|the")]
    [InlineData("Removed", true, "-|-|-|-")]
    [InlineData("MergedWithPrevious", false, "the-|final-|-|the-")]
    [InlineData("MergedWithNext", false, "the|-final|-|-the|-")]
    [InlineData("MergedWithNext", true, "the-|final-|-|the-")]
    [InlineData("Contiguous", false, "the|-|final|--|the|-")]
    [InlineData("Contiguous", true, "the|-|final|--|the|-")]
    public void Split_does_with_matches_what_its_behavior_says(string behavior, bool invert, string expected) =>
        Assert.Equal(expected, Pieces("the-final--the-", new JsonObject
        {
            ["type"] = "Split", ["pattern"] = new JsonObject { ["String"] = "-" }, ["behavior"] = behavior, ["invert"] = invert,
        }));

    [Theory]
    [InlineData("Whitespace", "the, final--the $", "the|,|final|--|the|$")]
    [InlineData("WhitespaceSplit", "the, final--the -final$", "the,|final--the|-final$")]
    [InlineData("Punctuation", "the,final$", "the|,|final|$")]
    [InlineData("Digits", "the12the3", "the|12|the|3")]
    public void Other_kinds_cut_as_their_name_says(string type, string text, string expected) =>
        Assert.Equal(expected, Pieces(text, new JsonObject { ["type"] = type }));

    [Fact]
    public void Characters_beyond_the_BMP_count_as_one_of_their_category()
    {
        // Deseret capital and small, a mathematical digit, an emoji, a musical mark.
        var pattern = @"\p{Lu}\p{Ll}|\p{Nd}|\p{So}|\p{M}|\p{Lo}{2}";
        Assert.Equal(
            "\U00010400\U00010428|\U0001D7CE|\U0001F600|\U0001D165|\U00020000\U00020001",
            Pieces("\U00010400\U00010428\U0001D7CE\U0001F600\U0001D165\U00020000\U00020001", new JsonObject
            {
                ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false,
            }));
    }

    [Theory]
    [InlineData("a<s>b", "▁a|<s>|▁b", "▁a|<s>|b", "a|<s>|b")]
    [InlineData(" a", "▁a", "▁a", "▁a")]
    [InlineData("<s>a  b", "<s>|▁a|▁|▁b", "<s>|a|▁|▁b", "<s>|a|▁|▁b")]
    [InlineData("a   b", "▁a|▁|▁|▁b", "▁a|▁|▁|▁b", "a|▁|▁|▁b")]
    public void Metaspace_prepends_always_or_at_the_beginning_or_never(string text, string always, string first, string never)
    {
        foreach (var (scheme, expected) in (ReadOnlySpan<(string, string)>)[("always", always), ("first", first), ("never", never)])
            Assert.Equal(expected, MetaspaceTokens(text, scheme, split: true));
    }

    [Theory]
    [InlineData("a b", "▁a|▁b")]
    [InlineData("a   b", "▁a|▁▁|▁b")]
    public void Metaspace_without_split_leaves_the_text_whole_for_the_merges(string text, string expected) =>
        Assert.Equal(expected, MetaspaceTokens(text, "always", split: false));

    [Theory]
    [InlineData("a<s>b", " |a|<s>| |b")]
    [InlineData("<s>a", "<s>| |a")]
    [InlineData(" a<s> b", " |a|<s>| |b")]
    public void ByteLevel_prefixes_a_space_to_every_stretch_of_text(string text, string expected)
    {
        var tokenizer = Load(json =>
        {
            json["added_tokens"] = new JsonArray(AddedToken(300, "<s>"));
            json["pre_tokenizer"]!["add_prefix_space"] = true;
        });
        Assert.Equal(expected, Tokens(tokenizer, text));
    }

    /// <summary>The pieces, each of which is a token, since merges are ignored for a piece of the vocabulary.</summary>
    private static string Pieces(string text, JsonObject preTokenizer)
    {
        var tokenizer = Load(json =>
        {
            json["pre_tokenizer"] = preTokenizer;
            json["decoder"] = null;
            json["model"]!["ignore_merges"] = true;
            var vocab = new JsonObject();
            foreach (var start in Enumerable.Range(0, text.Length))
            {
                for (var end = start + 1; end <= text.Length; end++) vocab[text[start..end]] ??= vocab.Count;
            }

            json["model"]!["vocab"] = vocab;
        });
        return Tokens(tokenizer, text);
    }

    private static string MetaspaceTokens(string text, string scheme, bool split)
    {
        var tokenizer = Load(json =>
        {
            json["added_tokens"] = new JsonArray(AddedToken(300, "<s>"));
            json["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = split };
            json["decoder"] = null;
            json["model"]!["vocab"] = JsonNode.Parse("""{"a": 0, "b": 1, "▁": 2, "▁a": 3, "▁b": 4, "▁▁": 5}""");
            json["model"]!["merges"] = new JsonArray("▁ a", "▁ b", "▁ ▁");
        });
        return Tokens(tokenizer, text);
    }
}
