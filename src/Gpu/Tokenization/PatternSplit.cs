using System.Text.RegularExpressions;

namespace ActorInference.Gpu.Tokenization;

/// <summary>What becomes of the text that a Split's pattern matches.</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cuts by a pattern over Unicode scalars.</summary>
/// <param name="invert">Exchanges what matches and what doesn't.</param>
internal sealed class PatternSplit(Regex regex, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public override void Split(ReadOnlySpan<char> piece, bool first, SplitScratch scratch, PieceBuffer parts)
    {
        ReadOnlySpan<int> offsets = default;
        var flattened = piece.ContainsAnyInRange('\uD800', '\uDFFF');
        FindRanges(flattened ? scratch.Flatten(piece, out offsets) : piece, scratch.Ranges);
        var ranges = scratch.Ranges;
        for (var i = 0; i < ranges.Count; i++)
        {
            if (behavior == SplitBehavior.Removed && ranges[i].Match) continue;
            var start = ranges[i].Start;
            i = LastJoined(ranges, i);
            var end = ranges[i].End;
            parts.Add(flattened ? piece[offsets[start]..offsets[end]] : piece[start..end]);
        }
    }

    private void FindRanges(ReadOnlySpan<char> text, List<(int Start, int End, bool Match)> ranges)
    {
        ranges.Clear();
        var last = 0;
        foreach (var match in regex.EnumerateMatches(text))
        {
            if (match.Length == 0) continue;
            if (match.Index > last) ranges.Add((last, match.Index, invert));
            last = match.Index + match.Length;
            ranges.Add((match.Index, last, !invert));
        }

        if (last < text.Length) ranges.Add((last, text.Length, invert));
    }

    /// <summary>The last range that is one piece with range <paramref name="i"/>.</summary>
    private int LastJoined(List<(int Start, int End, bool Match)> ranges, int i)
    {
        var match = ranges[i].Match;
        switch (behavior)
        {
            case SplitBehavior.MergedWithPrevious:
                return !match && i + 1 < ranges.Count && ranges[i + 1].Match ? i + 1 : i;
            case SplitBehavior.MergedWithNext:
                return match && i + 1 < ranges.Count && !ranges[i + 1].Match ? i + 1 : i;
            case SplitBehavior.Contiguous:
                while (i + 1 < ranges.Count && ranges[i + 1].Match == match) i++;
                return i;
            default:
                return i;
        }
    }
}
