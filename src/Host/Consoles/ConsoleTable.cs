using Petabridge.Cmd;

namespace ActorInference.Host.Consoles;

/// <summary>Rows under headings, in columns as wide as need be.</summary>
internal static class ConsoleTable
{
    private const string Gap = "  ";

    /// <param name="headings">One a column.</param>
    /// <param name="rows">Each with as many cells.</param>
    public static CommandResponse Of(string[] headings, IEnumerable<string[]> rows)
    {
        List<string[]> all = [headings, .. rows];
        var widths = Enumerable.Range(0, headings.Length).Select(column => all.Max(row => row[column].Length)).ToList();
        return new CommandResponse(string.Join('\n', all.Select(row => string.Join(Gap, row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd())));
    }
}
