using System.Text.Json.Nodes;
using static ActorInference.Gpu.Tests.Tokenization.TokenizerFolder;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>Added tokens within a text. What is expected was computed with the tokenizer library that defines the format.</summary>
public sealed class AddedTokenTests
{
    [Theory]
    [InlineData("lstrip", "a  <m> b", "a|<m>| |b")]
    [InlineData("lstrip", "<m>  <m>", "<m>|<m>")]
    [InlineData("lstrip", " \n<m>", "<m>")]
    [InlineData("rstrip", "a <m>  b", "a| |<m>|b")]
    [InlineData("rstrip", "<m>  <m>", "<m>|<m>")]
    [InlineData("rstrip", "<m>\u2003\n", "<m>")]
    [InlineData("none", "a <m>  b", "a| |<m>| | |b")]
    public void Lstrip_and_rstrip_take_the_white_space_beside_the_token(string flag, string text, string expected)
    {
        var tokenizer = Load(json => json["added_tokens"] = new JsonArray(AddedToken(300, "<m>", flag)));
        Assert.Equal(expected, Tokens(tokenizer, text));
    }

    [Theory]
    [InlineData("in pin ins in", "in| |p|i|n| |i|n|s| |in")]
    [InlineData("in,in", "in|,|in")]
    [InlineData("_in", "_|i|n")]
    [InlineData("xin", "x|i|n")]
    public void Single_word_needs_no_word_character_beside_it(string text, string expected)
    {
        var tokenizer = Load(json => json["added_tokens"] = new JsonArray(AddedToken(300, "in", "single_word"), AddedToken(301, "i")));
        Assert.Equal(expected, Tokens(tokenizer, text));
    }

    [Theory]
    [InlineData("in\u0301")]
    [InlineData("in\u200D")]
    [InlineData("in\U00020000")]
    public void Marks_joiners_and_letters_beyond_the_BMP_are_word_characters(string text)
    {
        var tokenizer = Load(json => json["added_tokens"] = new JsonArray(AddedToken(300, "in", "single_word")));
        Assert.DoesNotContain(300, tokenizer.Encode(text));
    }

    [Theory]
    [InlineData("abcd", "abc|d")]
    [InlineData("ab", "ab")]
    [InlineData("xabd", "x|ab|d")]
    public void Of_tokens_that_begin_together_the_longest_is_found(string text, string expected)
    {
        var tokenizer = Load(json => json["added_tokens"] = new JsonArray(AddedToken(300, "ab"), AddedToken(301, "abc"), AddedToken(302, "bcd")));
        Assert.Equal(expected, Tokens(tokenizer, text));
    }

    [Fact]
    public void Normalized_tokens_are_found_in_the_normalized_text_and_others_in_the_text_as_given()
    {
        var tokenizer = Load(json =>
        {
            json["normalizer"] = new JsonObject { ["type"] = "Lowercase" };
            json["added_tokens"] = new JsonArray(AddedToken(300, "STOP", "normalized"), AddedToken(301, "Go"));
        });

        var ids = tokenizer.Encode("stop STOP Stop go Go GO");

        Assert.Equal([300, 300, 300, 301], ids.Where(id => id >= 300));
        Assert.Equal("g|o| |Go| |g|o", Tokens(tokenizer, "go Go GO"));
    }

    [Fact]
    public void Special_tokens_are_recognized_in_text_and_left_out_of_decoded_text_unless_asked_for()
    {
        var tokenizer = Load(json => json["added_tokens"] = new JsonArray(AddedToken(300, "<s>", "special"), AddedToken(301, "<t>")));

        var ids = tokenizer.Encode("a<s>b<t>");

        Assert.Equal(['a', 300, 'b', 301], ids);   // A token for each byte.
        Assert.Equal("ab<t>", tokenizer.Decode(ids));
        Assert.Equal("a<s>b<t>", tokenizer.Decode(ids, skipSpecialTokens: false));
    }

    [Fact]
    public void The_template_is_added_only_when_asked_for()
    {
        var tokenizer = Load(json => json["post_processor"] = JsonNode.Parse("""
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "E", "type_id": 0}}],
             "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [256]}, "E": {"id": "E", "ids": [257, 258]}}}
            """));

        var plain = tokenizer.Encode("hi", addSpecialTokens: false);

        Assert.Equal(2, plain.Length);
        Assert.Equal([256, .. plain, 257, 258], tokenizer.Encode("hi"));
        Assert.Equal([256, 257, 258], tokenizer.Encode(""));
    }
}
