using System.Text.Json.Nodes;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>
/// A small good tokenizer, to be changed or spoilt, and thrown away. Byte-level: ids 0 to 255 are the bytes, 256 is
/// &lt;|endoftext|&gt;, and no merges.
/// </summary>
internal sealed class TokenizerFolder : IDisposable
{
    private const int VocabSize = 270;

    public TokenizerFolder() => RandomModelTokenizer.Write(VocabSize, Path);

    public string Path { get; } = Directory.CreateTempSubdirectory("actorinference-tokenizer-").FullName;

    public string TokenizerFile => System.IO.Path.Combine(Path, "tokenizer.json");

    public string ConfigFile => System.IO.Path.Combine(Path, "tokenizer_config.json");

    /// <summary>The good tokenizer with changes to tokenizer.json, and no configuration.</summary>
    public static Tokenizer Load(Action<JsonObject> edit)
    {
        using var folder = new TokenizerFolder();
        File.Delete(folder.ConfigFile);
        Edit(folder.TokenizerFile, edit);
        return Tokenizer.Load(folder.Path);
    }

    /// <summary>An added token, all of whose flags are off but those that are named.</summary>
    public static JsonObject AddedToken(int id, string content, params string[] flags)
    {
        var token = new JsonObject { ["id"] = id, ["content"] = content };
        foreach (var flag in (string[])["special", "lstrip", "rstrip", "single_word", "normalized"]) token[flag] = flags.Contains(flag);
        return token;
    }

    /// <summary>The texts of the tokens of a text, with bars between them.</summary>
    public static string Tokens(Tokenizer tokenizer, string text) =>
        string.Join("|", tokenizer.Encode(text, addSpecialTokens: false).Select(tokenizer.TokenText));

    public static void Edit(string file, Action<JsonObject> edit)
    {
        var json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        edit(json);
        File.WriteAllText(file, json.ToJsonString());
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
