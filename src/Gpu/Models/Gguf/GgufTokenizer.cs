using System.Text.Json;

namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Rewrites the tokenizer in a GGUF file as a tokenizer.json, so that there is one reader of tokenizers.</summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";
    private const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private enum TokenType
    {
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
    }

    /// <summary>The tokenizer in Hugging Face form.</summary>
    /// <exception cref="ModelFormatException">A key is missing or wrong, or of a kind that is not known.</exception>
    public static JsonDocument ToJson(GgufMetadata meta)
    {
        var kind = meta.Text(Prefix + "model") ?? throw meta.Missing(Prefix + "model", "llama or gpt2");
        var tokens = meta.Texts(Prefix + "tokens") ?? throw meta.Missing(Prefix + "tokens", "a list of texts");
        var types = meta.Numbers<int>(Prefix + "token_type") ?? new int[tokens.Length];
        if (types.Length != tokens.Length) throw meta.Error(Prefix + "token_type", $"a list of {tokens.Length}, one for each token");
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            WriteAdded(json, tokens, types);
            if (kind == "llama") WriteSentencePiece(json, meta, tokens);
            else if (kind == "gpt2") WriteByteLevel(json, meta, tokens);
            else throw meta.Error(Prefix + "model", "llama or gpt2");
            json.WriteEndObject();
        }

        return JsonDocument.Parse(bytes.ToArray());
    }

    private static void WriteAdded(Utf8JsonWriter json, string[] tokens, int[] types)
    {
        json.WriteStartArray("added_tokens");
        for (var id = 0; id < tokens.Length; id++)
        {
            var type = (TokenType)types[id];
            if (type is not (TokenType.Unknown or TokenType.Control or TokenType.UserDefined)) continue;
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", tokens[id]);
            json.WriteBoolean("special", type != TokenType.UserDefined);
            json.WriteBoolean("normalized", false);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSentencePiece(Utf8JsonWriter json, GgufMetadata meta, string[] tokens)
    {
        var hasPrefix = meta.Flag(Prefix + "add_space_prefix", true);
        var prepend = hasPrefix ? """{"type":"Prepend","prepend":"▁"},""" : "";
        Raw(json, "normalizer", $$"""{"type":"Sequence","normalizers":[{{prepend}}{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""");
        var strip = hasPrefix ? """,{"type":"Strip","content":" ","start":1,"stop":0}""" : "";
        Raw(json, "decoder", $$"""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}{{strip}}]}""");
        WritePostProcessor(json, meta, tokens, addBos: meta.Flag(Prefix + "add_bos_token", true));
        var scores = meta.Numbers<float>(Prefix + "scores") ?? throw meta.Missing(Prefix + "scores", "a list of numbers");
        if (scores.Length != tokens.Length) throw meta.Error(Prefix + "scores", $"a list of {tokens.Length}, one for each token");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteBoolean("byte_fallback", Array.IndexOf(tokens, "<0x00>") >= 0);
        json.WriteBoolean("fuse_unk", true);
        if (meta.Has(Prefix + "unknown_token_id")) json.WriteString("unk_token", tokens[meta.Int(Prefix + "unknown_token_id", 0, tokens.Length - 1)]);
        WriteVocabulary(json, tokens);
        WriteMerges(json, SentencePieceMerges(tokens, scores));
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, GgufMetadata meta, string[] tokens)
    {
        var pre = meta.Text(Prefix + "pre") ?? "default";
        var (pattern, isLlama3) = pre switch
        {
            "llama-bpe" or "llama3" or "llama-v3" => (Llama3Pattern, true),
            "qwen2" or "deepseek-r1-qwen" => (Qwen2Pattern, false),
            "default" or "gpt-2" => (null, false),
            _ => throw meta.Error(Prefix + "pre", "llama-bpe, qwen2, gpt-2 or default"),
        };
        if (pre is "qwen2" or "deepseek-r1-qwen") Raw(json, "normalizer", """{"type":"NFC"}""");
        Raw(json, "pre_tokenizer", pattern is null
            ? """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"""
            : $$$"""{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":{{{JsonSerializer.Serialize(pattern)}}}},"behavior":"Isolated"},{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}""");
        Raw(json, "decoder", """{"type":"ByteLevel"}""");
        WritePostProcessor(json, meta, tokens, addBos: meta.Flag(Prefix + "add_bos_token", isLlama3));
        var merges = meta.Texts(Prefix + "merges") ?? throw meta.Missing(Prefix + "merges", "a list of texts");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteBoolean("ignore_merges", isLlama3);
        WriteVocabulary(json, tokens);
        json.WriteStartArray("merges");
        foreach (var merge in merges) json.WriteStringValue(merge);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePostProcessor(Utf8JsonWriter json, GgufMetadata meta, string[] tokens, bool addBos)
    {
        var addEos = meta.Flag(Prefix + "add_eos_token", false);
        List<(string Key, bool Before)> added = [];
        if (addBos && meta.Has(GgufModel.BosKey)) added.Add((GgufModel.BosKey, true));
        if (addEos && meta.Has(GgufModel.EosKey)) added.Add((GgufModel.EosKey, false));
        if (added.Count == 0) return;
        string Special(bool before) => string.Concat(added.Where(one => one.Before == before).Select(one =>
            (before ? "" : ",") + $$$"""{"SpecialToken":{"id":"{{{one.Key}}}","type_id":0}}""" + (before ? "," : "")));
        var ids = string.Join(",", added.Select(one => $$"""
            "{{one.Key}}":{"id":"{{one.Key}}","ids":[{{meta.Int(one.Key, 0, tokens.Length - 1)}}]}
            """));
        Raw(json, "post_processor", $$$"""{"type":"TemplateProcessing","single":[{{{Special(true)}}}{"Sequence":{"id":"A","type_id":0}}{{{Special(false)}}}],"special_tokens":{{{{ids}}}}}""");
    }

    private static void WriteVocabulary(Utf8JsonWriter json, string[] tokens)
    {
        json.WriteStartObject("vocab");
        for (var id = 0; id < tokens.Length; id++) json.WriteNumber(tokens[id], id);
        json.WriteEndObject();
    }

    private static void WriteMerges(Utf8JsonWriter json, IEnumerable<(string Left, string Right)> merges)
    {
        json.WriteStartArray("merges");
        foreach (var (left, right) in merges)
        {
            json.WriteStartArray();
            json.WriteStringValue(left);
            json.WriteStringValue(right);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>
    /// SentencePiece merges the pair whose union has the best score. As a list by rank: every way to cut a token into two
    /// tokens, best first.
    /// </summary>
    private static IEnumerable<(string Left, string Right)> SentencePieceMerges(string[] tokens, float[] scores)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++) ids[tokens[id]] = id;
        var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(float Score, int Left, int Right)>();
        foreach (var (token, id) in ids)
        {
            for (var cut = 1; cut < token.Length; cut++)
            {
                if (lookup.TryGetValue(token.AsSpan(0, cut), out var left) && lookup.TryGetValue(token.AsSpan(cut), out var right))
                    merges.Add((scores[id], left, right));
            }
        }

        return merges.OrderByDescending(merge => merge.Score).ThenBy(merge => merge.Left).ThenBy(merge => merge.Right)
            .Select(merge => (tokens[merge.Left], tokens[merge.Right]));
    }

    private static void Raw(Utf8JsonWriter json, string name, string value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value);
    }
}
