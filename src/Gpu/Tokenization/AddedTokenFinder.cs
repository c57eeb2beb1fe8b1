using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ActorInference.Gpu.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost, and of those that begin there the longest. Thread-safe.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Dictionary<char, AddedToken[]> _longestFirst;
    private readonly SearchValues<string>? _contents;

    public AddedTokenFinder(IEnumerable<AddedToken> tokens)
    {
        var findable = tokens.Where(token => token.Content.Length > 0).ToList();
        _longestFirst = findable.GroupBy(token => token.Content[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
        if (findable.Count > 0) _contents = SearchValues.Create([.. findable.Select(token => token.Content)], StringComparison.Ordinal);
    }

    /// <summary>The range that a token takes, the white space that it strips included.</summary>
    public readonly record struct Match(int Id, int Start, int End);

    /// <summary>The next token at or after <paramref name="start"/>. What it strips on its left doesn't reach before that.</summary>
    public bool TryFind(ReadOnlySpan<char> text, int start, out Match match)
    {
        match = default;
        if (_contents is null) return false;
        for (var at = start; at < text.Length;)
        {
            var offset = text[at..].IndexOfAny(_contents);
            if (offset < 0) return false;
            at += offset;
            var token = LongestAt(text[at..]);
            var end = at + token.Content.Length;
            if (!token.SingleWord || StandsAlone(text, at, end))
            {
                match = Strip(token, text, start, at, end);
                return true;
            }

            at = end;   // As the field does it: a longest match that does not stand alone hides shorter ones inside it.
        }

        return false;
    }

    private AddedToken LongestAt(ReadOnlySpan<char> text)
    {
        foreach (var token in _longestFirst[text[0]])
        {
            if (text.StartsWith(token.Content, StringComparison.Ordinal)) return token;
        }

        ThrowNoToken();
        return null;
    }

    [DoesNotReturn]
    private static void ThrowNoToken() => throw new InvalidOperationException("The search found a token that is not in the set.");

    private static Match Strip(AddedToken token, ReadOnlySpan<char> text, int floor, int start, int end)
    {
        while (token.LeftStrip && start > floor && char.IsWhiteSpace(text[start - 1])) start--;
        while (token.RightStrip && end < text.Length && char.IsWhiteSpace(text[end])) end++;
        return new Match(token.Id, start, end);
    }

    private static bool StandsAlone(ReadOnlySpan<char> text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text[..start], out var before, out var beforeLength);
        Rune.DecodeFromUtf16(text[end..], out var after, out var afterLength);
        return (beforeLength == 0 || !IsWordCharacter(before)) && (afterLength == 0 || !IsWordCharacter(after));
    }

    private static bool IsWordCharacter(Rune rune) =>
        rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
