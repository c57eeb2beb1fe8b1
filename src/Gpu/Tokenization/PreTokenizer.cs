using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorInference.Gpu.Tokenization;

/// <summary>One step that cuts pieces of text into smaller ones, or rewrites them.</summary>
internal abstract class PreTokenizer
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(30);

    /// <summary>GPT-2's own pattern, which ByteLevel uses unless told not to.</summary>
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Appends the parts of <paramref name="piece"/> to <paramref name="parts"/>.</summary>
    /// <param name="first">Whether the piece is the beginning of the whole text.</param>
    public abstract void Split(string piece, bool first, List<string> parts);

    public static IReadOnlyList<PreTokenizer> Read(TokenizerJson json, JsonElement? node, string path)
    {
        if (node is not { } element) return [];
        var type = json.Text(element, path, "type");
        return type switch
        {
            "Sequence" => json.Required(element, path, "pretokenizers", JsonValueKind.Array).EnumerateArray()
                .SelectMany((part, i) => Read(json, part, $"{path}.pretokenizers[{i}]")).ToArray(),
            "ByteLevel" => ReadByteLevel(element),
            "Split" => [ReadSplit(json, element, path)],
            "Whitespace" => [new PatternSplit(Compile(@"\w+|[^\w\s]+"), SplitBehavior.Removed, invert: true)],
            "WhitespaceSplit" => [new PatternSplit(Compile(@"\s+"), SplitBehavior.Removed, invert: false)],
            "Digits" => [new PatternSplit(
                Compile(TokenizerJson.Flag(element, "individual_digits", false) ? @"\p{N}" : @"\p{N}+"), SplitBehavior.Isolated, invert: false)],
            "Punctuation" => [new PatternSplit(Compile(@"[\p{P}$+<=>^`|~]"), SplitBehavior.Isolated, invert: false)],
            "Metaspace" => [ReadMetaspace(element)],
            _ => throw json.Error(path + ".type", $"'{type}'", "Sequence, ByteLevel, Split, Whitespace, WhitespaceSplit, Digits, Punctuation or Metaspace"),
        };
    }

    private static PreTokenizer[] ReadByteLevel(JsonElement element)
    {
        var steps = new List<PreTokenizer>();
        if (TokenizerJson.Flag(element, "add_prefix_space", true)) steps.Add(new PrefixSpace(" "));
        if (TokenizerJson.Flag(element, "use_regex", true)) steps.Add(new PatternSplit(Compile(Gpt2Pattern), SplitBehavior.Isolated, invert: false));
        steps.Add(new ToByteChars());
        return [.. steps];
    }

    private static PatternSplit ReadSplit(TokenizerJson json, JsonElement element, string path)
    {
        var pattern = json.Required(element, path, "pattern", JsonValueKind.Object);
        var source = TokenizerJson.Optional(pattern, "String") is { } literal
            ? Regex.Escape(literal.GetString()!)
            : json.Text(pattern, path + ".pattern", "Regex");
        var behavior = json.Text(element, path, "behavior");
        if (!Enum.TryParse<SplitBehavior>(behavior, out var parsed))
            throw json.Error(path + ".behavior", $"'{behavior}'", string.Join(", ", Enum.GetNames<SplitBehavior>()));
        try
        {
            return new PatternSplit(Compile(source), parsed, TokenizerJson.Flag(element, "invert", false));
        }
        catch (ArgumentException cause)
        {
            throw json.Error(path + ".pattern", $"'{source}'", $"a regular expression ({cause.Message})");
        }
    }

    private static Metaspace ReadMetaspace(JsonElement element)
    {
        var scheme = TokenizerJson.Optional(element, "prepend_scheme")?.GetString()
            ?? (TokenizerJson.Flag(element, "add_prefix_space", true) ? "always" : "never");
        var replacement = TokenizerJson.Optional(element, "replacement")?.GetString() ?? "▁";
        return new Metaspace(replacement, scheme, TokenizerJson.Flag(element, "split", true));
    }

    private static Regex Compile(string pattern) => new(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled, MatchTimeout);

    private sealed class PrefixSpace(string prefix) : PreTokenizer
    {
        public override void Split(string piece, bool first, List<string> parts) =>
            parts.Add(first && !piece.StartsWith(prefix, StringComparison.Ordinal) ? prefix + piece : piece);
    }

    private sealed class ToByteChars : PreTokenizer
    {
        public override void Split(string piece, bool first, List<string> parts)
        {
            var bytes = Encoding.UTF8.GetBytes(piece);
            parts.Add(string.Create(bytes.Length, bytes, static (chars, source) =>
            {
                for (var i = 0; i < chars.Length; i++) chars[i] = ByteAlphabet.ToChar(source[i]);
            }));
        }
    }

    private sealed class Metaspace(string replacement, string scheme, bool split) : PreTokenizer
    {
        public override void Split(string piece, bool first, List<string> parts)
        {
            var text = piece.Replace(" ", replacement, StringComparison.Ordinal);
            if ((scheme == "always" || (scheme == "first" && first)) && !text.StartsWith(replacement, StringComparison.Ordinal)) text = replacement + text;
            if (!split)
            {
                parts.Add(text);
                return;
            }

            var start = 0;
            while (start < text.Length)
            {
                var next = text.IndexOf(replacement, start + 1, StringComparison.Ordinal);
                if (next < 0) next = text.Length;
                parts.Add(text[start..next]);
                start = next;
            }
        }
    }
}

/// <summary>What becomes of the text that a Split's pattern matches.</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cuts by a pattern written for Unicode scalars, which .NET would match by UTF-16 units.</summary>
internal sealed class PatternSplit(Regex regex, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public override void Split(string piece, bool first, List<string> parts)
    {
        // Characters beyond the BMP are matched as one stand-in of the same category, and cut as a whole.
        var (text, offsets) = piece.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Flatten(piece) : (piece, null);
        var ranges = new List<(int Start, int End, bool Match)>();
        var last = 0;
        foreach (var match in regex.EnumerateMatches(text))
        {
            if (match.Length == 0) continue;
            if (match.Index > last) ranges.Add((last, match.Index, invert));
            ranges.Add((match.Index, match.Index + match.Length, !invert));
            last = match.Index + match.Length;
        }

        if (last < text.Length) ranges.Add((last, text.Length, invert));
        foreach (var (start, end) in Arrange(ranges))
            parts.Add(offsets is null ? piece[start..end] : piece[offsets[start]..offsets[end]]);
    }

    private IEnumerable<(int Start, int End)> Arrange(List<(int Start, int End, bool Match)> ranges)
    {
        for (var i = 0; i < ranges.Count; i++)
        {
            var (start, end, match) = ranges[i];
            switch (behavior)
            {
                case SplitBehavior.Removed when match:
                    continue;
                case SplitBehavior.MergedWithPrevious when !match && i + 1 < ranges.Count && ranges[i + 1].Match:
                case SplitBehavior.MergedWithNext when match && i + 1 < ranges.Count && !ranges[i + 1].Match:
                    end = ranges[++i].End;
                    break;
                case SplitBehavior.Contiguous:
                    while (i + 1 < ranges.Count && ranges[i + 1].Match == match) end = ranges[++i].End;
                    break;
            }

            yield return (start, end);
        }
    }

    private static (string Text, int[] Offsets) Flatten(string piece)
    {
        var text = new StringBuilder(piece.Length);
        var offsets = new List<int>(piece.Length + 1);
        for (var i = 0; i < piece.Length; i++)
        {
            offsets.Add(i);
            if (i + 1 < piece.Length && char.IsSurrogatePair(piece[i], piece[i + 1]))
                text.Append(StandIn(CharUnicodeInfo.GetUnicodeCategory(piece, i++)));
            else
                text.Append(piece[i]);
        }

        offsets.Add(piece.Length);
        return (text.ToString(), [.. offsets]);
    }

    private static char StandIn(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => '\uA000',
        <= UnicodeCategory.EnclosingMark => '\u0300',
        <= UnicodeCategory.OtherNumber => '\u0663',
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation => '\u2021',
        >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol => '\u2603',
        _ => '\uE000',
    };
}
