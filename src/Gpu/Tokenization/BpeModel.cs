using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ActorInference.Gpu.Tokenization;

/// <summary>
/// Byte-pair encoding: a piece begins as single characters, and the adjacent pair of lowest rank is merged until none is
/// left. Source: Sennrich, Haddow, Birch: Neural Machine Translation of Rare Words with Subword Units (2016). Thread-safe.
/// </summary>
internal sealed class BpeModel
{
    private const int CacheCapacity = 1 << 16;
    private const int CachedPieceChars = 48;

    private readonly Dictionary<string, int> _vocab;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _vocabBySpan;
    private readonly Dictionary<long, BpeMerge> _merges;
    private readonly ConcurrentDictionary<string, int[]> _cache;
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cacheBySpan;
    private readonly int[]? _byteIds;
    private readonly int? _unknown;
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;
    private int _cached;

    private BpeModel(TokenizerJson json, JsonElement model, Dictionary<string, int> vocab)
    {
        _vocab = vocab;
        _vocabBySpan = vocab.GetAlternateLookup<ReadOnlySpan<char>>();
        _merges = ReadMerges(json, model, vocab);
        _cache = new ConcurrentDictionary<string, int[]>(StringComparer.Ordinal);
        _cacheBySpan = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        if (json.Flag(model, "model", "byte_fallback", false))
            _byteIds = [.. Enumerable.Range(0, 256).Select(b => IdOf(json, vocab, "model.byte_fallback", $"<0x{b:X2}>"))];
        if (json.OptionalText(model, "model", "unk_token") is { } unknown) _unknown = IdOf(json, vocab, "model.unk_token", unknown);
        _fuseUnknown = json.Flag(model, "model", "fuse_unk", false);
        _ignoreMerges = json.Flag(model, "model", "ignore_merges", false);
    }

    public IReadOnlyDictionary<string, int> Vocabulary => _vocab;

    public static BpeModel Read(TokenizerJson json, JsonElement root)
    {
        var model = json.Required(root, "", "model", JsonValueKind.Object);
        var type = json.OptionalText(model, "model", "type") ?? "BPE";
        if (type != "BPE") throw json.Error("model.type", $"'{type}'", "BPE");
        foreach (var name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (json.OptionalText(model, "model", name) is { Length: > 0 } affix) throw json.Error($"model.{name}", $"'{affix}'", "none");
        }

        if (TokenizerJson.Optional(model, "dropout") is { } dropout && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
            throw json.Error("model.dropout", TokenizerJson.Short(dropout), "none, since the same text must give the same tokens");
        var vocab = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in json.Required(model, "model", "vocab", JsonValueKind.Object).EnumerateObject())
        {
            var name = json.Name(entry, "model.vocab");
            vocab[name] = json.TokenId(entry.Value, $"model.vocab['{name}']");
        }

        return new BpeModel(json, model, vocab);
    }

    /// <summary>Appends the token ids of one piece.</summary>
    /// <param name="merger">Memory to work in.</param>
    public void Encode(ReadOnlySpan<char> piece, BpeMerger merger, List<int> ids)
    {
        if (piece.IsEmpty) return;
        if (_ignoreMerges && _vocabBySpan.TryGetValue(piece, out var whole))
        {
            ids.Add(whole);
            return;
        }

        var cacheable = piece.Length <= CachedPieceChars;
        if (cacheable && _cacheBySpan.TryGetValue(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }

        ReadSymbols(piece, merger.Symbols);
        merger.Merge(_merges);
        ids.AddRange(CollectionsMarshal.AsSpan(merger.Symbols));
        if (!cacheable || _cached >= CacheCapacity) return;
        if (_cacheBySpan.TryAdd(piece, [.. merger.Symbols])) Interlocked.Increment(ref _cached);
    }

    private static int IdOf(TokenizerJson json, Dictionary<string, int> vocab, string field, string token) =>
        vocab.TryGetValue(token, out var id) ? id : throw json.Error(field, $"'{token}'", "a token of the vocabulary");

    private static Dictionary<long, BpeMerge> ReadMerges(TokenizerJson json, JsonElement model, Dictionary<string, int> vocab)
    {
        var list = json.Required(model, "model", "merges", JsonValueKind.Array);
        var merges = new Dictionary<long, BpeMerge>(list.GetArrayLength());
        foreach (var (rank, entry) in list.EnumerateArray().Index())
        {
            var field = $"model.merges[{rank}]";
            var (left, right) = ReadPair(json, entry, field);
            var pair = BpeMerger.Pair(IdOf(json, vocab, field, left), IdOf(json, vocab, field, right));
            merges[pair] = new BpeMerge(rank, IdOf(json, vocab, field, left + right));
        }

        return merges;
    }

    private static (string Left, string Right) ReadPair(TokenizerJson json, JsonElement entry, string field)
    {
        if (entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2) return (json.Text(entry[0], field), json.Text(entry[1], field));
        var text = entry.ValueKind == JsonValueKind.String ? json.Text(entry, field) : "";
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0 || space == text.Length - 1 || space != text.LastIndexOf(' '))
            throw json.Error(field, TokenizerJson.Short(entry), "two tokens, as \"a b\" or [\"a\", \"b\"]");
        return (text[..space], text[(space + 1)..]);
    }

    /// <summary>The piece as single characters; one that is not in the vocabulary as its bytes, or as unknown.</summary>
    private void ReadSymbols(ReadOnlySpan<char> piece, List<int> symbols)
    {
        symbols.Clear();
        Span<byte> utf8 = stackalloc byte[4];
        var lastUnknown = false;
        while (Rune.DecodeFromUtf16(piece, out var rune, out var length) == OperationStatus.Done)
        {
            var isUnknown = false;
            if (_vocabBySpan.TryGetValue(piece[..length], out var id)) symbols.Add(id);
            else if (_byteIds is not null)
            {
                foreach (var b in utf8[..rune.EncodeToUtf8(utf8)]) symbols.Add(_byteIds[b]);
            }
            else if (_unknown is { } unknown)
            {
                isUnknown = true;
                if (!lastUnknown || !_fuseUnknown) symbols.Add(unknown);
            }

            lastUnknown = isUnknown;
            piece = piece[length..];
        }
    }
}
