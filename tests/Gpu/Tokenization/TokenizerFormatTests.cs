using System.Text.Json.Nodes;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>Broken files: each is one error that names the file and the field, and nothing else.</summary>
public sealed class TokenizerFormatTests
{
    private static readonly Dictionary<string, (string Field, Action<JsonObject> Spoil)> Defects = new()
    {
        ["no model"] = ("model", json => json.Remove("model")),
        ["unknown model"] = ("model.type", json => json["model"]!["type"] = "Unigram"),
        ["type that is no text"] = ("model.type", json => json["model"]!["type"] = 5),
        ["no vocabulary"] = ("model.vocab", json => json["model"]!["vocab"] = null),
        ["empty vocabulary"] = ("model.vocab", json =>
        {
            json["model"]!["vocab"] = new JsonObject();
            json["added_tokens"] = new JsonArray();
        }),
        ["negative id"] = ("model.vocab['a']", json => json["model"]!["vocab"]!["a"] = -1),
        ["id out of range"] = ("model.vocab['a']", json => json["model"]!["vocab"]!["a"] = 2_000_000_000),
        ["id that is no number"] = ("model.vocab['a']", json => json["model"]!["vocab"]!["a"] = "64"),
        ["merge of an unknown piece"] = ("model.merges[0]", json => json["model"]!["merges"] = new JsonArray("a nowhere")),
        ["merge into an unknown piece"] = ("model.merges[0]", json => json["model"]!["merges"] = new JsonArray("a b")),
        ["merge of one piece"] = ("model.merges[0]", json => json["model"]!["merges"] = new JsonArray("ab")),
        ["merge of three pieces"] = ("model.merges[0]", json => json["model"]!["merges"] = new JsonArray("a b c")),
        ["merge that is a number"] = ("model.merges[0]", json => json["model"]!["merges"] = new JsonArray(7)),
        ["unknown unk_token"] = ("model.unk_token", json => json["model"]!["unk_token"] = "<nowhere>"),
        ["byte fallback without bytes"] = ("model.byte_fallback", json => json["model"]!["byte_fallback"] = true),
        ["flag that is no flag"] = ("model.ignore_merges", json => json["model"]!["ignore_merges"] = "yes"),
        ["suffix of words"] = ("model.end_of_word_suffix", json => json["model"]!["end_of_word_suffix"] = "</w>"),
        ["dropout"] = ("model.dropout", json => json["model"]!["dropout"] = 0.1),
        ["added tokens that are no list"] = ("added_tokens", json => json["added_tokens"] = new JsonObject()),
        ["added token without id"] = ("added_tokens[0].id", json => json["added_tokens"]![0]!.AsObject().Remove("id")),
        ["added token with negative id"] = ("added_tokens[0].id", json => json["added_tokens"]![0]!["id"] = -5),
        ["added token that is a text"] = ("added_tokens[0].special", json => json["added_tokens"]![0]!["special"] = 1),
        ["unknown pre-tokenizer"] = ("pre_tokenizer.type", json => json["pre_tokenizer"] = new JsonObject { ["type"] = "UnicodeScripts" }),
        ["unknown pre-tokenizer inside"] = ("pre_tokenizer.pretokenizers[1].type", json => json["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "Digits" }, new JsonObject { ["type"] = "Other" }),
        }),
        ["broken pattern"] = ("pre_tokenizer.pattern.Regex", json => json["pre_tokenizer"] = Split("(", "Isolated")),
        ["pattern of a script"] = ("pre_tokenizer.pattern.Regex", json => json["pre_tokenizer"] = Split(@"\p{Han}+", "Isolated")),
        ["pattern beyond the BMP"] = ("pre_tokenizer.pattern.Regex", json => json["pre_tokenizer"] = Split("[\U00020000-\U0002A6D6]", "Isolated")),
        ["unknown behavior"] = ("pre_tokenizer.behavior", json => json["pre_tokenizer"] = Split("a", "Sideways")),
        ["unknown scheme"] = ("pre_tokenizer.prepend_scheme", json => json["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["prepend_scheme"] = "sometimes" }),
        ["unknown normalizer"] = ("normalizer.type", json => json["normalizer"] = new JsonObject { ["type"] = "Precompiled" }),
        ["broken normalizer pattern"] = ("normalizer.pattern.Regex", json => json["normalizer"] = new JsonObject
        {
            ["type"] = "Replace", ["pattern"] = new JsonObject { ["Regex"] = "[" }, ["content"] = "",
        }),
        ["replacement of nothing"] = ("normalizer.pattern.String", json => json["normalizer"] = new JsonObject
        {
            ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = "" }, ["content"] = "x",
        }),
        ["unknown decoder"] = ("decoder.type", json => json["decoder"] = new JsonObject { ["type"] = "CTC" }),
        ["decoder that strips ends"] = ("decoder.stop", json => json["decoder"] = new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 0, ["stop"] = 1 }),
        ["decoder that strips letters"] = ("decoder.content", json => json["decoder"] = new JsonObject { ["type"] = "Strip", ["content"] = "x", ["start"] = 1, ["stop"] = 0 }),
        ["unknown post-processor"] = ("post_processor.type", json => json["post_processor"] = new JsonObject { ["type"] = "BertProcessing" }),
        ["template id out of range"] = ("post_processor.special_tokens.S.ids[0]", json => json["post_processor"] = Template("S", 270)),
        ["template id with a fraction"] = ("post_processor.special_tokens.S.ids[0]", json => json["post_processor"] = Template("S", 1.5)),
        ["template token that is not described"] = ("post_processor.special_tokens.T", json => json["post_processor"] = Template("T", 1)),
    };

    public static TheoryData<string> Names => [.. Defects.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_defect_of_tokenizer_json_is_one_error_that_names_file_and_field(string name)
    {
        using var folder = new TokenizerFolder();
        TokenizerFolder.Edit(folder.TokenizerFile, Defects[name].Spoil);
        CheckError(folder, folder.TokenizerFile, Defects[name].Field);
    }

    [Theory]
    [InlineData("{\"model\": ", "line 1")]
    [InlineData("[]", "root")]
    [InlineData("{\"model\": {\"type\": \"\\ud800\"}}", "model.type")]
    [InlineData("{\"model\": {\"vocab\": {\"\\ud800\": 1}}}", "model.vocab")]
    public void Text_that_is_no_tokenizer_is_an_error(string text, string field)
    {
        using var folder = new TokenizerFolder();
        File.WriteAllText(folder.TokenizerFile, text);
        CheckError(folder, folder.TokenizerFile, field);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_an_error()
    {
        using var folder = new TokenizerFolder();
        File.WriteAllBytes(folder.TokenizerFile, [(byte)'{', 0xFF, (byte)'}']);
        CheckError(folder, folder.TokenizerFile, "file");
    }

    [Fact]
    public void A_missing_file_is_an_error()
    {
        using var folder = new TokenizerFolder();
        File.Delete(folder.TokenizerFile);
        CheckError(folder, folder.TokenizerFile, "file");
    }

    [Theory]
    [InlineData("\"<nowhere>\"", "eos_token")]
    [InlineData("7", "eos_token")]
    [InlineData("{\"special\": true}", "eos_token.content")]
    public void A_named_token_that_does_not_exist_is_an_error(string eos, string field)
    {
        using var folder = new TokenizerFolder();
        TokenizerFolder.Edit(folder.ConfigFile, json => json["eos_token"] = JsonNode.Parse(eos));
        CheckError(folder, folder.ConfigFile, field);
    }

    [Fact]
    public void Without_tokenizer_config_json_no_tokens_are_named()
    {
        using var folder = new TokenizerFolder();
        File.Delete(folder.ConfigFile);
        var tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal((null, null), (tokenizer.BosTokenId, tokenizer.EosTokenId));
    }

    [Fact]
    public void Spoilt_bytes_give_a_tokenizer_or_one_error()
    {
        using var folder = new TokenizerFolder();
        var good = File.ReadAllBytes(folder.TokenizerFile);
        for (var seed = 0; seed < 1500; seed++)
        {
            File.WriteAllBytes(folder.TokenizerFile, Spoil(good, new Random(seed)));
            try
            {
                Tokenizer.Load(folder.Path).Encode("Hello é");
            }
            catch (ModelFormatException error)
            {
                Assert.DoesNotContain('\n', error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}: {error}");
            }
        }
    }

    private static void CheckError(TokenizerFolder folder, string file, string field)
    {
        var error = Assert.Throws<ModelFormatException>(() => Tokenizer.Load(folder.Path));
        Assert.Equal((file, field), (error.File, error.Field));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static JsonObject Split(string regex, string behavior) =>
        new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = regex }, ["behavior"] = behavior, ["invert"] = false };

    private static JsonObject Template(string name, double id) => new()
    {
        ["type"] = "TemplateProcessing",
        ["single"] = JsonNode.Parse($$$"""[{"SpecialToken": {"id": "{{{name}}}"}}, {"Sequence": {"id": "A"}}]"""),
        ["special_tokens"] = new JsonObject { ["S"] = new JsonObject { ["ids"] = new JsonArray(id) } },
    };

    private static byte[] Spoil(byte[] good, Random random)
    {
        // Half of the spoilt places are outside the long vocabulary, where a change matters most.
        var bytes = good.ToArray();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(2) == 0 ? random.Next(bytes.Length) : random.Next(Math.Min(1200, bytes.Length));
            bytes[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)"\"{}[],:0-tfn"[random.Next(12)], _ => bytes[random.Next(bytes.Length)] };
        }

        return random.Next(8) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }
}
