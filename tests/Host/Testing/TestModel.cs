using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Gpu.ChatTemplates;
using ActorInference.Gpu.Tokenization;
using ActorInference.Host.Serving;

namespace ActorInference.Host.Tests.Testing;

/// <summary>
/// A model's edge for tests: a token is a byte, so that any text can be cut anywhere. Ids above 255 are special:
/// <see cref="Bos"/>, which begins each encoded text, and <see cref="Eos"/>.
/// </summary>
public static class TestModel
{
    public const string Name = "bytes";
    public const int Bos = 256;
    public const int Eos = 257;
    public const int VocabSize = 258;
    public const int ContextTokens = 256;

    private const string Template =
        "{{ bos_token }}{% for message in messages %}[{{ message['role'] }}]{{ message['content'] }}\n{% endfor %}"
        + "{% if tools %}(tools){% endif %}{% if mood %}({{ mood }}){% endif %}{% if add_generation_prompt %}[assistant]{% endif %}";

    private static readonly Lazy<string> Folder = new(WriteFolder);

    public static ServedModel Create() => new()
    {
        Name = Name,
        Folder = Folder.Value,
        Tokenizer = Tokenizer.Load(Folder.Value),
        ChatTemplate = ChatTemplate.Load(Folder.Value),
        VocabSize = VocabSize,
        ContextTokens = ContextTokens,
        PageSizeTokens = 16,
        EosTokenIds = [Eos],
    };

    /// <summary>The ids of a text, without <see cref="Bos"/>.</summary>
    public static int[] Ids(string text) => Array.ConvertAll(Encoding.UTF8.GetBytes(text), value => (int)value);

    private static string WriteFolder()
    {
        var folder = Directory.CreateTempSubdirectory("actorinference-bytes-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), TokenizerJson().ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), new JsonObject
        {
            ["bos_token"] = "<s>",
            ["eos_token"] = "</s>",
            ["chat_template"] = Template,
        }.ToJsonString());
        return folder;
    }

    private static JsonObject TokenizerJson() => new()
    {
        ["version"] = "1.0",
        ["added_tokens"] = new JsonArray(Special(Bos, "<s>"), Special(Eos, "</s>")),
        ["pre_tokenizer"] = ByteLevel(),
        ["decoder"] = ByteLevel(),
        ["post_processor"] = new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Piece("SpecialToken", "<s>"), Piece("Sequence", "A")),
            ["pair"] = new JsonArray(Piece("SpecialToken", "<s>"), Piece("Sequence", "A"), Piece("Sequence", "B")),
            ["special_tokens"] = new JsonObject
            {
                ["<s>"] = new JsonObject { ["id"] = "<s>", ["ids"] = new JsonArray(Bos), ["tokens"] = new JsonArray("<s>") },
            },
        },
        ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = Vocabulary(), ["merges"] = new JsonArray() },
    };

    private static JsonObject Piece(string kind, string id) => new() { [kind] = new JsonObject { ["id"] = id, ["type_id"] = 0 } };

    private static JsonObject ByteLevel() =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false };

    private static JsonObject Special(int id, string content) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["special"] = true,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
    };

    /// <summary>The printable alphabet of byte-level BPE: bytes that are no printable Latin-1 character move to U+0100 and up.</summary>
    private static JsonObject Vocabulary()
    {
        var vocabulary = new JsonObject();
        var moved = 0;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            vocabulary[((char)(printable ? value : 256 + moved++)).ToString()] = value;
        }

        return vocabulary;
    }
}
