namespace ActorInference.Host.Consoles;

/// <summary>Rows as columns of text.</summary>
internal static class TextTable
{
    /// <param name="rows">All of one length; the first is the heading.</param>
    public static string Of(IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToList();
        return string.Join('\n', rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }
}
