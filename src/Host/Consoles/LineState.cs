using System.Collections.Immutable;

namespace ActorInference.Host.Consoles;

/// <summary>A line being typed: its text, the cursor, and where in the history it is. Every key makes a new one.</summary>
/// <param name="Text">What is typed.</param>
/// <param name="Cursor">0 to the length of the text.</param>
/// <param name="History">Earlier lines, oldest first.</param>
/// <param name="HistoryIndex">The entry shown; the length of the history for the line itself.</param>
/// <param name="Draft">The line itself, while a history entry is shown.</param>
public sealed record LineState(string Text, int Cursor, ImmutableArray<string> History, int HistoryIndex, string Draft)
{
    public static LineState Begin(ImmutableArray<string> history) => new("", 0, history, history.Length, "");

    /// <summary>What the key makes of the line. Keys that mean nothing leave it as it is.</summary>
    public LineState Apply(ConsoleKeyInfo key) => (key.Key, key.Modifiers.HasFlag(ConsoleModifiers.Control)) switch
    {
        (ConsoleKey.Backspace, _) when Cursor > 0 => Edit(Text.Remove(Cursor - 1, 1), Cursor - 1),
        (ConsoleKey.Delete, _) when Cursor < Text.Length => Edit(Text.Remove(Cursor, 1), Cursor),
        (ConsoleKey.LeftArrow, false) => this with { Cursor = Math.Max(Cursor - 1, 0) },
        (ConsoleKey.RightArrow, false) => this with { Cursor = Math.Min(Cursor + 1, Text.Length) },
        (ConsoleKey.Home, _) or (ConsoleKey.A, true) => this with { Cursor = 0 },
        (ConsoleKey.End, _) or (ConsoleKey.E, true) => this with { Cursor = Text.Length },
        (ConsoleKey.U, true) => Edit(Text[Cursor..], 0),
        (ConsoleKey.K, true) => Edit(Text[..Cursor], Cursor),
        (ConsoleKey.W, true) => DeleteWord(),
        (ConsoleKey.UpArrow, _) or (ConsoleKey.P, true) => Recall(HistoryIndex - 1),
        (ConsoleKey.DownArrow, _) or (ConsoleKey.N, true) => Recall(HistoryIndex + 1),
        _ when !char.IsControl(key.KeyChar) => Insert(key.KeyChar.ToString()),
        _ => this,
    };

    /// <summary>Completes the word left of the cursor as far as all candidates agree; a blank follows if there is one only.</summary>
    public LineState Complete(IReadOnlyList<string> candidates)
    {
        if (candidates.Count == 0) return this;
        var start = Text.LastIndexOf(' ', Math.Max(Cursor - 1, 0), Cursor) + 1;
        var common = candidates.Aggregate(CommonStart);
        if (candidates.Count == 1) common += ' ';
        return common.Length < Cursor - start ? this : Edit(string.Concat(Text.AsSpan(0, start), common, Text.AsSpan(Cursor)), start + common.Length);
    }

    private static string CommonStart(string left, string right)
    {
        var length = 0;
        while (length < left.Length && length < right.Length && left[length] == right[length]) length++;
        return left[..length];
    }

    private LineState Insert(string text) => Edit(Text.Insert(Cursor, text), Cursor + text.Length);

    private LineState Edit(string text, int cursor) => new(text, cursor, History, History.Length, "");

    private LineState DeleteWord()
    {
        var start = Cursor;
        while (start > 0 && Text[start - 1] == ' ') start--;
        while (start > 0 && Text[start - 1] != ' ') start--;
        return Edit(Text.Remove(start, Cursor - start), start);
    }

    private LineState Recall(int index)
    {
        if (index < 0 || index > History.Length) return this;
        var draft = HistoryIndex == History.Length ? Text : Draft;
        var text = index == History.Length ? draft : History[index];
        return new LineState(text, text.Length, History, index, draft);
    }
}
