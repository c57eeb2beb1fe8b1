namespace ActorInference.Host.Commands;

/// <summary>What of an answer that is asked for again and again is new: of a table the rows that have changed, of anything else all.</summary>
/// <param name="isTable">Whether the first line is a header.</param>
/// <param name="hidesHeader">Whether only the rows under it are told.</param>
internal sealed class ChangedRows(bool isTable, bool hidesHeader = false)
{
    private string _header = "";
    private HashSet<string> _known = [];

    /// <param name="answer">As of a time: what differs by its age only is the same.</param>
    /// <returns>Empty if nothing is new.</returns>
    public string Next(Func<DateTimeOffset, string> answer, DateTimeOffset now)
    {
        var (ageless, text) = (answer(DateTimeOffset.UnixEpoch), answer(now));
        var (names, lines) = isTable ? (ageless.Split('\n'), text.Split('\n')) : ([ageless], [text]);
        var fresh = names.Zip(lines).Skip(1).Where(pair => !_known.Contains(Name(pair.First))).Select(pair => pair.Second).ToList();
        _known = [.. names.Skip(1).Select(Name)];
        if (_header == Name(names[0])) return string.Join('\n', fresh);
        _header = Name(names[0]);
        return string.Join('\n', hidesHeader && isTable ? fresh : fresh.Prepend(lines[0]));
    }

    /// <summary>A column that has become wider does not make a row another one.</summary>
    private static string Name(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
