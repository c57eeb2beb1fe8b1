using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;

namespace ActorInference.Gpu.Tokenization;

/// <summary>
/// Text to token ids and back, as a model's tokenizer.json (Hugging Face form, BPE with byte fallback or byte-level BPE)
/// defines it. Immutable; thread-safe.
/// </summary>
public sealed class Tokenizer
{
    private readonly AddedTokens _added;
    private readonly TextStep _normalize;
    private readonly IReadOnlyList<PreTokenizer> _preTokenizers;
    private readonly BpeModel _model;
    private readonly TokenBytesTable _bytes;
    private readonly Dictionary<string, int> _ids;
    private readonly HashSet<int> _special;
    private readonly TokenTemplate _template;
    private readonly ConcurrentQueue<EncodeWorkspace> _spareWorkspaces = new();

    private Tokenizer(TokenizerJson json, JsonElement root)
    {
        _normalize = Normalizer.Read(json, TokenizerJson.Optional(root, "normalizer"), "normalizer");
        _added = AddedTokens.Read(json, root, _normalize);
        _preTokenizers = PreTokenizer.Read(json, TokenizerJson.Optional(root, "pre_tokenizer"), "pre_tokenizer");
        _model = BpeModel.Read(json, root);
        _ids = new Dictionary<string, int>(_model.Vocabulary);
        foreach (var token in _added.All) _ids[token.Content] = token.Id;
        if (_ids.Count == 0) throw json.Error("model.vocab", "empty", "at least one token");
        VocabSize = _model.Vocabulary.Values.Concat(_added.All.Select(token => token.Id)).Max() + 1;
        _special = [.. _added.All.Where(token => token.Special).Select(token => token.Id)];
        _bytes = TokenBytesTable.Read(json, root, Texts(), _added.All.Select(token => token.Id).ToHashSet());
        _template = TokenTemplate.Read(json, TokenizerJson.Optional(root, "post_processor"), "post_processor", VocabSize);
    }

    /// <summary>Highest token id plus one.</summary>
    public int VocabSize { get; }

    /// <summary>Null if the model names none.</summary>
    public int? BosTokenId { get; private set; }

    /// <summary>Null if the model names none.</summary>
    public int? EosTokenId { get; private set; }

    /// <summary>Reads tokenizer.json, and tokenizer_config.json where it is there; or what a GGUF file has.</summary>
    /// <exception cref="ModelFormatException">A file is missing, broken, or asks for something unknown.</exception>
    public static Tokenizer Load(string modelFolder)
    {
        if (GgufFile.Find(modelFolder) is { } gguf) return LoadGguf(gguf);
        var file = Path.Combine(modelFolder, "tokenizer.json");
        using var document = TokenizerJson.Open(file);
        var configFile = Path.Combine(modelFolder, "tokenizer_config.json");
        var tokenizer = new Tokenizer(new TokenizerJson(file), document.RootElement);
        if (!File.Exists(configFile)) return tokenizer;
        using var config = TokenizerJson.Open(configFile);
        var json = new TokenizerJson(configFile);
        tokenizer.BosTokenId = tokenizer.NamedToken(json, config.RootElement, "bos_token");
        tokenizer.EosTokenId = tokenizer.NamedToken(json, config.RootElement, "eos_token");
        return tokenizer;
    }

    private static Tokenizer LoadGguf(string path)
    {
        using var file = GgufFile.Open(path);
        using var document = GgufTokenizer.ToJson(file.Metadata);
        var tokenizer = new Tokenizer(new TokenizerJson(path), document.RootElement);
        tokenizer.BosTokenId = NamedToken(file.Metadata, GgufModel.BosKey, tokenizer.VocabSize);
        tokenizer.EosTokenId = NamedToken(file.Metadata, GgufModel.EosKey, tokenizer.VocabSize);
        return tokenizer;
    }

    private static int? NamedToken(GgufMetadata metadata, string key, int vocabSize) =>
        metadata.Has(key) ? metadata.Int(key, 0, vocabSize - 1) : null;

    /// <summary>Token ids of a text. Added tokens in the text are recognized.</summary>
    /// <param name="text">Any text; unpaired surrogates become U+FFFD.</param>
    /// <param name="addSpecialTokens">Whether to put the beginning (and end) tokens around it that the model was trained with.</param>
    /// <remarks>Time is O(n log n) at worst. A warm tokenizer allocates the result, and copies of the text if a normalizer changes it.</remarks>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!_spareWorkspaces.TryDequeue(out var work)) work = new EncodeWorkspace();
        if (addSpecialTokens) work.Ids.AddRange(_template.Prefix);
        EncodeRuns(WellFormed(text), first: true, normalized: false, work);
        if (addSpecialTokens) work.Ids.AddRange(_template.Suffix);
        var ids = work.Ids.ToArray();
        work.Clear();
        if (work.IsWorthKeeping) _spareWorkspaces.Enqueue(work);
        return ids;
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

    /// <summary>For tokens that continue a text: a first space is theirs, not the mark of a text's beginning.</summary>
    public DetokenizerStream CreateContinuation(bool skipSpecialTokens = true) => new(this, skipSpecialTokens, spacesToStrip: 0);

    /// <summary>The token's own text, with U+FFFD for bytes that are no character alone; empty for an unknown id.</summary>
    public string TokenText(int id) => Encoding.UTF8.GetString(TokenBytes(id));

    /// <summary>The bytes that the token contributes to the text; none for an unknown id. Not to be written to.</summary>
    public byte[] TokenBytes(int id) => _bytes[id];

    private int? NamedToken(TokenizerJson json, JsonElement config, string name)
    {
        if (TokenizerJson.Optional(config, name) is not { } value) return null;
        var text = value.ValueKind == JsonValueKind.Object ? json.Text(value, name, "content") : json.Text(value, name);
        return _ids.TryGetValue(text, out var id) ? id : throw json.Error(name, $"'{text}'", "a token of tokenizer.json");
    }

    private static string WellFormed(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return text;
        var rest = text.AsSpan();
        while (Rune.DecodeFromUtf16(rest, out _, out var length) == System.Buffers.OperationStatus.Done) rest = rest[length..];
        return rest.IsEmpty ? text : Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(text));
    }

    private string?[] Texts()
    {
        var texts = new string?[VocabSize];
        // An added token may repeat a text of the model under another id; both ids have that text.
        foreach (var (text, id) in _model.Vocabulary) texts[id] = text;
        foreach (var token in _added.All) texts[token.Id] = token.Content;
        return texts;
    }

    /// <summary>Cuts the text at the added tokens and encodes what is between them, once as given and once normalized.</summary>
    private void EncodeRuns(ReadOnlySpan<char> text, bool first, bool normalized, EncodeWorkspace work)
    {
        var finder = normalized ? _added.InNormalizedText : _added.InGivenText;
        var start = 0;
        while (finder.TryFind(text, start, out var match))
        {
            EncodeRun(text[start..match.Start], first && start == 0, normalized, work);
            work.Ids.Add(match.Id);
            start = match.End;
        }

        EncodeRun(text[start..], first && start == 0, normalized, work);
    }

    private void EncodeRun(ReadOnlySpan<char> run, bool first, bool normalized, EncodeWorkspace work)
    {
        if (run.IsEmpty) return;
        if (normalized) EncodePlain(run, first, work);
        else EncodeRuns(_normalize(run), first, normalized: true, work);
    }

    private void EncodePlain(ReadOnlySpan<char> text, bool first, EncodeWorkspace work)
    {
        work.Pieces.Clear();
        work.Pieces.Add(text);
        for (var step = 0; step < _preTokenizers.Count; step++)
        {
            for (var i = 0; i < work.Pieces.Count; i++) _preTokenizers[step].Split(work.Pieces[i], first && i == 0, work.Scratch, work.Next);
            work.Swap();
        }

        for (var i = 0; i < work.Pieces.Count; i++) _model.Encode(work.Pieces[i], work.Merger, work.Ids);
    }
}
