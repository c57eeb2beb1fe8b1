using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Rewrites a model folder's tokenizer as the metadata of a GGUF file.</summary>
internal static partial class GgufVocabulary
{
    private const string Prefix = "tokenizer.ggml.";
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;

    /// <param name="folder">A Hugging Face model folder.</param>
    /// <exception cref="ModelFormatException">A file is missing or broken, or the tokenizer is of a kind that GGUF files have no name for.</exception>
    public static void Write(GgufWriter writer, string folder, ModelConfig config)
    {
        var path = Path.Combine(folder, "tokenizer.json");
        using var document = Tokenization.TokenizerJson.Open(path);
        var model = document.RootElement.GetProperty("model");
        var isSentencePiece = model.TryGetProperty("byte_fallback", out var fallback) && fallback.ValueKind == JsonValueKind.True;
        var (tokens, types) = ReadTokens(path, document.RootElement, model, config.VocabSize, isSentencePiece);
        var merges = model.GetProperty("merges").EnumerateArray().Select(ReadPair).ToList();
        writer.Set(Prefix + "model", isSentencePiece ? "llama" : "gpt2");
        if (!isSentencePiece) writer.Set(Prefix + "pre", Pattern(path, document.RootElement));
        writer.Set(Prefix + "tokens", tokens);
        writer.Set(Prefix + "token_type", types);
        if (isSentencePiece)
        {
            writer.Set(Prefix + "scores", Scores(tokens, merges));
            writer.Set(Prefix + "add_space_prefix", AddsSpace(document.RootElement));
        }
        else writer.Set(Prefix + "merges", merges.ConvertAll(pair => $"{pair.Left} {pair.Right}"));
        if (config.BosTokenId is { } bos) writer.Set(GgufModel.BosKey, (uint)bos);
        if (config.EosTokenIds.Length > 0) writer.Set(GgufModel.EosKey, (uint)config.EosTokenIds[0]);
        if (Array.IndexOf(types, Unknown) is >= 0 and var unknown) writer.Set(Prefix + "unknown_token_id", (uint)unknown);
        writer.Set(Prefix + "add_bos_token", config.BosTokenId is not null && AddsBos(document.RootElement));
        if (ChatTemplates.ChatTemplate.LoadText(folder) is { } template) writer.Set(GgufModel.ChatTemplateKey, template);
    }

    private static (string[] Tokens, int[] Types) ReadTokens(string path, JsonElement root, JsonElement model, int vocabSize, bool isSentencePiece)
    {
        var (tokens, types) = (new string?[vocabSize], new int[vocabSize]);
        void Set(string text, int id, int type)
        {
            if ((uint)id >= (uint)vocabSize) throw new ModelFormatException(path, "model.vocab", $"{id}", $"token ids below vocab_size of config.json, {vocabSize}");
            (tokens[id], types[id]) = (text, type);
        }

        foreach (var entry in model.GetProperty("vocab").EnumerateObject())
            Set(entry.Name, entry.Value.GetInt32(), isSentencePiece && entry.Name is ['<', '0', 'x', _, _, '>'] ? Byte : Normal);
        if (root.TryGetProperty("added_tokens", out var added))
        {
            foreach (var token in added.EnumerateArray())
            {
                var text = token.GetProperty("content").GetString()!;
                var special = token.TryGetProperty("special", out var flag) && flag.GetBoolean();
                var isUnknown = model.TryGetProperty("unk_token", out var unknown) && unknown.ValueKind == JsonValueKind.String && unknown.GetString() == text;
                Set(text, token.GetProperty("id").GetInt32(), isUnknown ? Unknown : special ? Control : UserDefined);
            }
        }

        for (var id = 0; id < vocabSize; id++)
        {
            if (tokens[id] is null) Set($"[PAD{id}]", id, Unused);
        }

        return ([.. tokens.Select(token => token!)], types);
    }

    private static (string Left, string Right) ReadPair(JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.Array) return (merge[0].GetString()!, merge[1].GetString()!);
        var both = merge.GetString()!.Split(' ', 2);
        return (both[0], both[1]);
    }

    /// <summary>A token's score falls with the rank of the first merge that makes it.</summary>
    private static float[] Scores(string[] tokens, List<(string Left, string Right)> merges)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var rank = 0; rank < merges.Count; rank++) ranks.TryAdd(merges[rank].Left + merges[rank].Right, rank);
        return Array.ConvertAll(tokens, token => ranks.TryGetValue(token, out var rank) ? -1f - rank : 0);
    }

    /// <summary>The name of the pattern that texts are cut by.</summary>
    private static string Pattern(string path, JsonElement root)
    {
        var step = root.TryGetProperty("pre_tokenizer", out var present) ? present.GetRawText() : "null";
        if (step.Contains(@"\\p{N}{1,3}", StringComparison.Ordinal)) return "llama-bpe";
        if (step.Contains(@"\\p{N}|", StringComparison.Ordinal)) return "qwen2";
        if (!step.Contains("\"Split\"", StringComparison.Ordinal) && step.Contains("ByteLevel", StringComparison.Ordinal)) return "gpt-2";
        throw new ModelFormatException(path, "pre_tokenizer", JsonFields.OneLine(step), "the one of Llama 3, of Qwen 2 or of GPT-2");
    }

    /// <summary>Whether a text begins with a space that it does not have: Llama's do, Gemma's don't.</summary>
    private static bool AddsSpace(JsonElement root)
    {
        var normalizer = root.TryGetProperty("normalizer", out var steps) ? steps.GetRawText() : "";
        var step = root.TryGetProperty("pre_tokenizer", out var present) ? present.GetRawText() : "";
        return normalizer.Contains("\"Prepend\"", StringComparison.Ordinal)
            || (step.Contains("\"Metaspace\"", StringComparison.Ordinal) && !step.Contains("\"never\"", StringComparison.Ordinal) && !MetaspaceWithout().IsMatch(step));
    }

    [GeneratedRegex(@"""add_prefix_space""\s*:\s*false")]
    private static partial Regex MetaspaceWithout();

    private static bool AddsBos(JsonElement root) =>
        root.TryGetProperty("post_processor", out var processor) && processor.GetRawText().Contains("\"SpecialToken\"", StringComparison.Ordinal);
}
