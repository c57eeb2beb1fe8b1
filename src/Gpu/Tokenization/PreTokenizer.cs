using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorInference.Gpu.Tokenization;

/// <summary>One step that cuts pieces of text into smaller ones, or rewrites them. Thread-safe.</summary>
internal abstract class PreTokenizer
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(30);

    /// <summary>GPT-2's own pattern, which ByteLevel uses unless told not to.</summary>
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Unicode's word characters, of which .NET's \w leaves some marks and numbers out.</summary>
    private const string Word = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u200C\u200D\u24B6-\u24E9";

    /// <summary>Appends the parts of <paramref name="piece"/> to <paramref name="parts"/>.</summary>
    /// <param name="first">Whether the piece is the beginning of the whole text.</param>
    public abstract void Split(ReadOnlySpan<char> piece, bool first, SplitScratch scratch, PieceBuffer parts);

    public static IReadOnlyList<PreTokenizer> Read(TokenizerJson json, JsonElement? node, string path)
    {
        if (node is not { } element) return [];
        var type = json.Text(element, path, "type");
        return type switch
        {
            "Sequence" => json.Required(element, path, "pretokenizers", JsonValueKind.Array).EnumerateArray()
                .SelectMany((part, i) => Read(json, part, $"{path}.pretokenizers[{i}]")).ToArray(),
            "ByteLevel" => ReadByteLevel(json, element, path),
            "Split" => [new PatternSplit(
                UnicodePattern.Read(json, element, path, MatchTimeout), ReadBehavior(json, element, path), json.Flag(element, path, "invert", false))],
            "Whitespace" => [new PatternSplit(Compile($"[{Word}]+|[^{Word}\\s]+"), SplitBehavior.Removed, invert: true)],
            "WhitespaceSplit" => [new PatternSplit(Compile(@"\s+"), SplitBehavior.Removed, invert: false)],
            "Digits" => [new PatternSplit(
                Compile(json.Flag(element, path, "individual_digits", false) ? @"\p{N}" : @"\p{N}+"), SplitBehavior.Isolated, invert: false)],
            "Punctuation" => [new PatternSplit(Compile(@"[\p{P}$+<=>^`|~]"), ReadBehavior(json, element, path), invert: false)],
            "Metaspace" => [ReadMetaspace(json, element, path)],
            _ => throw json.Error(path + ".type", $"'{type}'", "Sequence, ByteLevel, Split, Whitespace, WhitespaceSplit, Digits, Punctuation or Metaspace"),
        };
    }

    private static PreTokenizer[] ReadByteLevel(TokenizerJson json, JsonElement element, string path)
    {
        var steps = new List<PreTokenizer>();
        if (json.Flag(element, path, "add_prefix_space", true)) steps.Add(new PrefixSpace());
        if (json.Flag(element, path, "use_regex", true)) steps.Add(new PatternSplit(Compile(Gpt2Pattern), SplitBehavior.Isolated, invert: false));
        steps.Add(new ToByteChars());
        return [.. steps];
    }

    private static SplitBehavior ReadBehavior(TokenizerJson json, JsonElement element, string path)
    {
        var behavior = json.OptionalText(element, path, "behavior") ?? nameof(SplitBehavior.Isolated);
        return Enum.GetNames<SplitBehavior>().Contains(behavior)
            ? Enum.Parse<SplitBehavior>(behavior)
            : throw json.Error(path + ".behavior", $"'{behavior}'", string.Join(", ", Enum.GetNames<SplitBehavior>()));
    }

    private static Metaspace ReadMetaspace(TokenizerJson json, JsonElement element, string path)
    {
        var scheme = json.OptionalText(element, path, "prepend_scheme") ?? (json.Flag(element, path, "add_prefix_space", true) ? "always" : "never");
        if (scheme is not ("always" or "first" or "never")) throw json.Error(path + ".prepend_scheme", $"'{scheme}'", "always, first or never");
        var replacement = json.OptionalText(element, path, "replacement") ?? "▁";
        if (replacement.Length != 1) throw json.Error(path + ".replacement", $"'{replacement}'", "one character");
        return new Metaspace(replacement[0], scheme, json.Flag(element, path, "split", true));
    }

    private static Regex Compile(string pattern) => new(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled, MatchTimeout);

    private sealed class PrefixSpace : PreTokenizer
    {
        public override void Split(ReadOnlySpan<char> piece, bool first, SplitScratch scratch, PieceBuffer parts)
        {
            if (piece.StartsWith(' ')) parts.Add(piece);
            else parts.Add(" ", piece);
        }
    }

    private sealed class ToByteChars : PreTokenizer
    {
        public override void Split(ReadOnlySpan<char> piece, bool first, SplitScratch scratch, PieceBuffer parts)
        {
            Span<byte> utf8 = stackalloc byte[256];
            var chars = parts.Add(checked(piece.Length * 3));   // A UTF-16 unit is at most three bytes.
            var count = 0;
            var status = OperationStatus.DestinationTooSmall;
            while (status == OperationStatus.DestinationTooSmall)
            {
                // Pieces are well-formed, so that nothing is replaced or left over.
                status = System.Text.Unicode.Utf8.FromUtf16(piece, utf8, out var read, out var written);
                foreach (var b in utf8[..written]) chars[count++] = ByteAlphabet.ToChar(b);
                piece = piece[read..];
            }

            parts.TrimLast(count);
        }
    }

    private sealed class Metaspace(char replacement, string scheme, bool split) : PreTokenizer
    {
        public override void Split(ReadOnlySpan<char> piece, bool first, SplitScratch scratch, PieceBuffer parts)
        {
            var prepend = (scheme == "always" || (scheme == "first" && first)) && !piece.StartsWith(replacement) && !piece.StartsWith(' ');
            var start = 0;
            while (start < piece.Length)
            {
                var length = split ? piece[(start + 1)..].IndexOfAny(' ', replacement) : -1;
                var end = length < 0 ? piece.Length : start + 1 + length;
                Add(piece[start..end], prepend && start == 0, parts);
                start = end;
            }
        }

        private void Add(ReadOnlySpan<char> piece, bool prepend, PieceBuffer parts)
        {
            var part = parts.Add(piece.Length + (prepend ? 1 : 0));
            if (prepend) part[0] = replacement;
            piece.CopyTo(part[(prepend ? 1 : 0)..]);
            part.Replace(' ', replacement);
        }
    }
}
