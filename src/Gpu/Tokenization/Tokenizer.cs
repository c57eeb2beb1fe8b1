using System.Text;
using System.Text.Json;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tokenization;

/// <summary>
/// Text to token ids and back, as a model's tokenizer.json (Hugging Face form, BPE with byte fallback or byte-level BPE)
/// defines it. Immutable; thread-safe.
/// </summary>
public sealed class Tokenizer
{
    private readonly AddedTokens _added;
    private readonly Func<string, string> _normalize;
    private readonly IReadOnlyList<PreTokenizer> _preTokenizers;
    private readonly BpeModel _model;
    private readonly TokenBytesTable _bytes;
    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _texts;
    private readonly HashSet<int> _special;
    private readonly int[] _prefixIds;
    private readonly int[] _suffixIds;

    private Tokenizer(TokenizerJson json, JsonElement root)
    {
        _added = AddedTokens.Read(json, root);
        _normalize = Normalizer.Read(json, TokenizerJson.Optional(root, "normalizer"), "normalizer");
        _preTokenizers = PreTokenizer.Read(json, TokenizerJson.Optional(root, "pre_tokenizer"), "pre_tokenizer");
        _model = BpeModel.Read(json, root);
        _ids = new Dictionary<string, int>(_model.Vocabulary);
        foreach (var token in _added.All) _ids[token.Content] = token.Id;
        VocabSize = _ids.Values.Max() + 1;
        _texts = new string?[VocabSize];
        foreach (var (text, id) in _ids) _texts[id] = text;
        _special = [.. _added.All.Where(t => t.Special).Select(t => t.Id)];
        _bytes = TokenBytesTable.Read(json, root, _texts, _added.All.Select(t => t.Id).ToHashSet());
        (_prefixIds, _suffixIds) = ReadTemplate(json, TokenizerJson.Optional(root, "post_processor"), "post_processor");
    }

    /// <summary>Highest token id plus one.</summary>
    public int VocabSize { get; }

    /// <summary>Null if the model names none.</summary>
    public int? BosTokenId { get; private init; }

    /// <summary>Null if the model names none.</summary>
    public int? EosTokenId { get; private init; }

    /// <summary>Reads tokenizer.json, and tokenizer_config.json where it is there.</summary>
    /// <exception cref="ModelFormatException">A file is missing, broken, or asks for something unknown.</exception>
    public static Tokenizer Load(string modelFolder)
    {
        var file = Path.Combine(modelFolder, "tokenizer.json");
        using var document = TokenizerJson.Open(file);
        var json = new TokenizerJson(file);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw json.Error("root", TokenizerJson.Short(document.RootElement), "an object");
        var tokenizer = new Tokenizer(json, document.RootElement);

        var configFile = Path.Combine(modelFolder, "tokenizer_config.json");
        if (!File.Exists(configFile)) return tokenizer;
        using var config = TokenizerJson.Open(configFile);
        return new Tokenizer(json, document.RootElement)
        {
            BosTokenId = tokenizer.NamedToken(config.RootElement, "bos_token"),
            EosTokenId = tokenizer.NamedToken(config.RootElement, "eos_token"),
        };
    }

    /// <summary>Token ids of a text. Added tokens in the text are recognized.</summary>
    /// <param name="text">Any text; unpaired surrogates become U+FFFD.</param>
    /// <param name="addSpecialTokens">Whether to put the beginning (and end) tokens around it that the model was trained with.</param>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        var ids = new List<int>(text.Length / 3 + 8);
        if (addSpecialTokens) ids.AddRange(_prefixIds);
        var start = 0;
        while (start < text.Length)
        {
            var found = _added.Find(text, start);
            EncodePlain(text[start..(found?.Start ?? text.Length)], start == 0, ids);
            if (found is null) break;
            ids.Add(found.Value.Token.Id);
            start = found.Value.End;
        }

        if (addSpecialTokens) ids.AddRange(_suffixIds);
        return [.. ids];
    }

    /// <summary>The text of token ids; unknown ids are nothing.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        var stream = CreateStream(skipSpecialTokens);
        var text = new StringBuilder();
        foreach (var id in ids) text.Append(stream.Push(id));
        return text.Append(stream.Flush()).ToString();
    }

    public DetokenizerStream CreateStream(bool skipSpecialTokens = true) => new(this, skipSpecialTokens, _bytes.StripStart);

    public bool TryGetTokenId(string token, out int id) => _ids.TryGetValue(token, out id);

    public bool IsSpecial(int id) => _special.Contains(id);

    /// <summary>The token's own text, with U+FFFD for bytes that are no character alone; empty for an unknown id.</summary>
    public string TokenText(int id) => Encoding.UTF8.GetString(TokenBytes(id));

    /// <summary>The bytes that the token contributes to the text; none for an unknown id.</summary>
    public byte[] TokenBytes(int id) => _bytes[id];

    private void EncodePlain(string text, bool first, List<int> ids)
    {
        if (text.Length == 0) return;
        var pieces = new List<string> { _normalize(text) };
        foreach (var step in _preTokenizers)
        {
            var parts = new List<string>(pieces.Count * 4);
            for (var i = 0; i < pieces.Count; i++) step.Split(pieces[i], first && i == 0, parts);
            pieces = parts;
        }

        foreach (var piece in pieces) _model.Encode(piece, ids);
    }

    private int? NamedToken(JsonElement config, string name)
    {
        if (TokenizerJson.Optional(config, name) is not { } value) return null;
        var text = value.ValueKind == JsonValueKind.Object ? TokenizerJson.Optional(value, "content")?.GetString()
            : value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return text is not null && _ids.TryGetValue(text, out var id) ? id : null;
    }

    private static (int[] Prefix, int[] Suffix) ReadTemplate(TokenizerJson json, JsonElement? node, string path)
    {
        if (node is not { } element) return ([], []);
        var type = json.Text(element, path, "type");
        switch (type)
        {
            case "ByteLevel":
                return ([], []);
            case "Sequence":
                var parts = json.Required(element, path, "processors", JsonValueKind.Array).EnumerateArray()
                    .Select((part, i) => ReadTemplate(json, part, $"{path}.processors[{i}]")).ToArray();
                return (parts.SelectMany(p => p.Prefix).ToArray(), parts.SelectMany(p => p.Suffix).ToArray());
            case "TemplateProcessing":
                return ReadSingle(json, element, path);
            default:
                throw json.Error(path + ".type", $"'{type}'", "ByteLevel, Sequence or TemplateProcessing");
        }
    }

    private static (int[] Prefix, int[] Suffix) ReadSingle(TokenizerJson json, JsonElement element, string path)
    {
        var (prefix, suffix) = (new List<int>(), new List<int>());
        var target = prefix;
        foreach (var (i, item) in json.Required(element, path, "single", JsonValueKind.Array).EnumerateArray().Index())
        {
            if (TokenizerJson.Optional(item, "Sequence") is not null)
            {
                target = suffix;
                continue;
            }

            var field = $"{path}.single[{i}]";
            var name = json.Text(json.Required(item, field, "SpecialToken", JsonValueKind.Object), field, "id");
            var tokens = json.Required(element, path, "special_tokens", JsonValueKind.Object);
            var token = json.Required(tokens, path + ".special_tokens", name, JsonValueKind.Object);
            foreach (var id in json.Required(token, $"{path}.special_tokens.{name}", "ids", JsonValueKind.Array).EnumerateArray())
            {
                if (id.ValueKind != JsonValueKind.Number) throw json.Error($"{path}.special_tokens.{name}.ids", TokenizerJson.Short(id), "token ids");
                target.Add(id.GetInt32());
            }
        }

        return ([.. prefix], [.. suffix]);
    }
}
