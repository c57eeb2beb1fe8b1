using System.Buffers;
using System.Text.Json;

namespace ActorInference.Gpu.Tokenization;

/// <summary>Tokens that are found in the text as they stand, before any splitting.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<char, Entry[]> _byFirstChar;
    private readonly SearchValues<char> _firstChars;

    internal sealed record Entry(int Id, string Content, bool Special, bool LeftStrip, bool RightStrip, bool SingleWord);

    private AddedTokens(IReadOnlyList<Entry> all)
    {
        All = all;
        _byFirstChar = all.Where(e => e.Content.Length > 0).GroupBy(e => e.Content[0])
            .ToDictionary(g => g.Key, g => g.OrderByDescending(e => e.Content.Length).ToArray());
        _firstChars = SearchValues.Create([.. _byFirstChar.Keys]);
    }

    public IReadOnlyList<Entry> All { get; }

    public static AddedTokens Read(TokenizerJson json, JsonElement root)
    {
        var entries = new List<Entry>();
        if (TokenizerJson.Optional(root, "added_tokens") is not { ValueKind: JsonValueKind.Array } list) return new AddedTokens(entries);
        foreach (var (i, token) in list.EnumerateArray().Index())
        {
            var path = $"added_tokens[{i}]";
            entries.Add(new Entry(
                json.Int(token, path, "id"), json.Text(token, path, "content"), TokenizerJson.Flag(token, "special", false),
                TokenizerJson.Flag(token, "lstrip", false), TokenizerJson.Flag(token, "rstrip", false), TokenizerJson.Flag(token, "single_word", false)));
        }

        return new AddedTokens(entries);
    }

    /// <summary>The next added token at or after <paramref name="start"/>, the longest where several begin.</summary>
    /// <returns>The token with the range it takes, spaces that it strips included; null if there is none.</returns>
    public (Entry Token, int Start, int End)? Find(string text, int start)
    {
        for (var at = start; at < text.Length; at++)
        {
            var offset = text.AsSpan(at).IndexOfAny(_firstChars);
            if (offset < 0) return null;
            at += offset;
            foreach (var entry in _byFirstChar[text[at]])
            {
                if (!text.AsSpan(at).StartsWith(entry.Content, StringComparison.Ordinal)) continue;
                if (entry.SingleWord && !StandsAlone(text, at, entry.Content.Length)) continue;
                var (from, to) = (at, at + entry.Content.Length);
                while (entry.LeftStrip && from > start && char.IsWhiteSpace(text[from - 1])) from--;
                while (entry.RightStrip && to < text.Length && char.IsWhiteSpace(text[to])) to++;
                return (entry, from, to);
            }
        }

        return null;
    }

    private static bool StandsAlone(string text, int start, int length) =>
        (start == 0 || !char.IsLetterOrDigit(text[start - 1])) &&
        (start + length == text.Length || !char.IsLetterOrDigit(text[start + length]));
}
