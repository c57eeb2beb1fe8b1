using System.Collections.Concurrent;
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
    private readonly Dictionary<long, (int Rank, int Id)> _merges;
    private readonly ConcurrentDictionary<string, int[]> _cache = new();
    private readonly int[]? _byteIds;
    private readonly int? _unknown;
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;
    private int _cached;

    private BpeModel(Dictionary<string, int> vocab, Dictionary<long, (int, int)> merges, JsonElement model, int[]? byteIds, int? unknown)
    {
        (_vocab, _merges, _byteIds, _unknown) = (vocab, merges, byteIds, unknown);
        _fuseUnknown = TokenizerJson.Flag(model, "fuse_unk", false);
        _ignoreMerges = TokenizerJson.Flag(model, "ignore_merges", false);
    }

    public IReadOnlyDictionary<string, int> Vocabulary => _vocab;

    public static BpeModel Read(TokenizerJson json, JsonElement root)
    {
        var model = json.Required(root, "", "model", JsonValueKind.Object);
        var type = TokenizerJson.Optional(model, "type")?.GetString() ?? "BPE";
        if (type != "BPE") throw json.Error("model.type", $"'{type}'", "BPE");
        var vocab = new Dictionary<string, int>();
        foreach (var entry in json.Required(model, "model", "vocab", JsonValueKind.Object).EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out var id) || id is < 0 or > 10_000_000)
                throw json.Error($"model.vocab['{entry.Name}']", TokenizerJson.Short(entry.Value), "a token id");
            vocab[entry.Name] = id;
        }

        var unknown = TokenizerJson.Optional(model, "unk_token")?.GetString() is { } token ? IdOf(json, vocab, "model.unk_token", token) : (int?)null;
        int[]? byteIds = null;
        if (TokenizerJson.Flag(model, "byte_fallback", false))
            byteIds = Enumerable.Range(0, 256).Select(b => IdOf(json, vocab, "model.byte_fallback", $"<0x{b:X2}>")).ToArray();
        return new BpeModel(vocab, ReadMerges(json, model, vocab), model, byteIds, unknown);
    }

    /// <summary>Appends the token ids of one piece.</summary>
    public void Encode(string piece, List<int> ids)
    {
        if (piece.Length == 0) return;
        if (_ignoreMerges && _vocab.TryGetValue(piece, out var whole))
        {
            ids.Add(whole);
            return;
        }

        if (_cache.TryGetValue(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }

        var symbols = Symbols(piece);
        var count = symbols.Length <= 32 ? MergeByScan(symbols) : MergeByHeap(symbols);
        ids.AddRange(symbols.AsSpan(0, count));
        if (piece.Length > CachedPieceChars || _cached >= CacheCapacity) return;
        if (_cache.TryAdd(piece, symbols[..count])) Interlocked.Increment(ref _cached);
    }

    private static int IdOf(TokenizerJson json, Dictionary<string, int> vocab, string field, string token) =>
        vocab.TryGetValue(token, out var id) ? id : throw json.Error(field, $"'{token}'", "a token of the vocabulary");

    private static Dictionary<long, (int, int)> ReadMerges(TokenizerJson json, JsonElement model, Dictionary<string, int> vocab)
    {
        var list = json.Required(model, "model", "merges", JsonValueKind.Array);
        var merges = new Dictionary<long, (int, int)>(list.GetArrayLength());
        var rank = 0;
        foreach (var entry in list.EnumerateArray())
        {
            var field = $"model.merges[{rank}]";
            var (left, right) = ReadPair(json, entry, field);
            var key = Key(IdOf(json, vocab, field, left), IdOf(json, vocab, field, right));
            merges.TryAdd(key, (rank++, IdOf(json, vocab, field, left + right)));
        }

        return merges;
    }

    private static (string Left, string Right) ReadPair(TokenizerJson json, JsonElement entry, string field)
    {
        if (entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2 &&
            entry[0].ValueKind == JsonValueKind.String && entry[1].ValueKind == JsonValueKind.String)
            return (entry[0].GetString()!, entry[1].GetString()!);
        var text = entry.ValueKind == JsonValueKind.String ? entry.GetString()! : "";
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0 || space == text.Length - 1)
            throw json.Error(field, TokenizerJson.Short(entry), "two tokens, as \"a b\" or [\"a\", \"b\"]");
        return (text[..space], text[(space + 1)..]);
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    /// <summary>The piece as single characters; one that is not in the vocabulary as its bytes, or as unknown.</summary>
    private int[] Symbols(string piece)
    {
        var symbols = new List<int>(piece.Length);
        Span<byte> utf8 = stackalloc byte[4];
        var lastUnknown = false;
        foreach (var rune in piece.EnumerateRunes())
        {
            var isUnknown = false;
            if (_vocab.TryGetValue(rune.ToString(), out var id)) symbols.Add(id);
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
        }

        return [.. symbols];
    }

    private int MergeByScan(int[] symbols)
    {
        var count = symbols.Length;
        while (true)
        {
            var (best, bestRank, bestId) = (-1, int.MaxValue, 0);
            for (var i = 0; i + 1 < count; i++)
            {
                if (!_merges.TryGetValue(Key(symbols[i], symbols[i + 1]), out var merge) || merge.Rank >= bestRank) continue;
                (best, bestRank, bestId) = (i, merge.Rank, merge.Id);
            }

            if (best < 0) return count;
            symbols[best] = bestId;
            Array.Copy(symbols, best + 2, symbols, best + 1, count - best - 2);
            count--;
        }
    }

    /// <summary>For long pieces: candidates in a heap by (rank, position) over a linked list, O(n log n).</summary>
    private int MergeByHeap(int[] symbols)
    {
        var count = symbols.Length;
        var (previous, next) = (new int[count], new int[count]);
        var heap = new PriorityQueue<(int Left, long Pair), (int Rank, int Position)>();
        for (var i = 0; i < count; i++) (previous[i], next[i]) = (i - 1, i + 1 < count ? i + 1 : -1);
        for (var i = 0; i + 1 < count; i++) Offer(i);

        while (heap.TryDequeue(out var candidate, out _))
        {
            var left = candidate.Left;
            var right = symbols[left] < 0 ? -1 : next[left];
            if (right < 0 || Key(symbols[left], symbols[right]) != candidate.Pair) continue;   // One of the two has been merged meanwhile.
            symbols[left] = _merges[candidate.Pair].Id;
            symbols[right] = -1;
            next[left] = next[right];
            if (next[left] >= 0) previous[next[left]] = left;
            Offer(left);
            if (previous[left] >= 0) Offer(previous[left]);
        }

        var kept = 0;
        for (var i = 0; i >= 0; i = next[i]) symbols[kept++] = symbols[i];
        return kept;

        void Offer(int left)
        {
            if (next[left] < 0) return;
            var pair = Key(symbols[left], symbols[next[left]]);
            if (_merges.TryGetValue(pair, out var merge)) heap.Enqueue((left, pair), (merge.Rank, left));
        }
    }
}
