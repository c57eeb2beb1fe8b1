using System.Collections.Immutable;

namespace ActorInference.Host.Text;

/// <summary>
/// Finds stop strings in text that arrives in pieces, and holds back what may yet become one. The string that is complete
/// first wins; of several that are complete at the same character, the longest. So the outcome depends on the text alone,
/// not on how it was cut.
/// </summary>
/// <param name="stops">None empty. Compared by character, without regard to culture.</param>
/// <param name="keepMatched">Whether the stop string itself stays in the text.</param>
public sealed class StopMatcher(ImmutableArray<string> stops, bool keepMatched = false)
{
    private string _held = "";

    /// <summary>The stop string that was found, or null.</summary>
    public string? Matched { get; private set; }

    /// <summary>Takes the next piece.</summary>
    /// <returns>Text that is certain now, perhaps empty. After a match nothing more comes.</returns>
    public string Push(string piece)
    {
        if (Matched is not null) return "";
        if (stops.IsEmpty || piece.Length == 0) return piece;
        var text = _held.Length == 0 ? piece : _held + piece;
        if (FindFirst(text, out var start, out var stop))
        {
            Matched = stop;
            _held = "";
            return text[..(keepMatched ? start + stop.Length : start)];
        }

        var held = HeldLength(text);
        _held = text[^held..];
        return text[..^held];
    }

    /// <summary>What was held back, when no more text comes.</summary>
    public string Flush()
    {
        var held = _held;
        _held = "";
        return held;
    }

    private bool FindFirst(string text, out int start, out string stop)
    {
        (start, stop) = (-1, "");
        var firstEnd = int.MaxValue;
        foreach (var candidate in stops)
        {
            var at = text.IndexOf(candidate, StringComparison.Ordinal);
            var end = at + candidate.Length;
            if (at < 0 || end > firstEnd || (end == firstEnd && at > start)) continue;
            (start, stop, firstEnd) = (at, candidate, end);
        }

        return start >= 0;
    }

    /// <summary>Length of the longest end of <paramref name="text"/> that begins a stop string.</summary>
    private int HeldLength(string text)
    {
        var longest = 0;
        foreach (var stop in stops)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (!text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length))) continue;
                longest = length;
                break;
            }
        }

        return longest;
    }
}
