using System.Text;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>What two texts differ in, line by line, by their longest common subsequence.</summary>
public static class LineDiff
{
    private const int ContextLines = 3;

    /// <summary>Costs time and memory by the product of the lines between the first and the last difference.</summary>
    /// <returns>Lines that begin with '-', '+' or a blank, gaps as "..."; empty if the texts are the same.</returns>
    public static string Between(string before, string after)
    {
        if (before == after) return "";
        var (a, b) = (Lines(before), Lines(after));
        var (head, tail) = Ends(a, b);
        List<string> lines = [.. a[..head].Select(line => " " + line)];
        AddChanges(lines, a[head..^tail], b[head..^tail]);
        lines.AddRange(a[^tail..].Select(line => " " + line));
        return lines.TrueForAll(line => line[0] == ' ') ? "" : Shorten(lines);
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');

    /// <summary>How many lines are the same at the begin, and how many of the others at the end.</summary>
    private static (int Head, int Tail) Ends(string[] a, string[] b)
    {
        var shorter = Math.Min(a.Length, b.Length);
        var head = 0;
        while (head < shorter && a[head] == b[head]) head++;
        var tail = 0;
        while (tail < shorter - head && a[^(tail + 1)] == b[^(tail + 1)]) tail++;
        return (head, tail);
    }

    private static void AddChanges(List<string> lines, string[] a, string[] b)
    {
        var common = CommonLengths(a, b);
        var (i, j) = (0, 0);
        while (i < a.Length || j < b.Length)
        {
            if (i < a.Length && j < b.Length && a[i] == b[j])
            {
                lines.Add(" " + a[i]);
                (i, j) = (i + 1, j + 1);
            }
            else if (i < a.Length && (j == b.Length || common[i + 1, j] >= common[i, j + 1]))
            {
                lines.Add("-" + a[i++]);
            }
            else
            {
                lines.Add("+" + b[j++]);
            }
        }
    }

    private static int[,] CommonLengths(string[] a, string[] b)
    {
        var lengths = new int[a.Length + 1, b.Length + 1];
        for (var i = a.Length - 1; i >= 0; i--)
        {
            for (var j = b.Length - 1; j >= 0; j--)
                lengths[i, j] = a[i] == b[j] ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
        }

        return lengths;
    }

    private static string Shorten(List<string> lines)
    {
        var isShown = new bool[lines.Count];
        foreach (var (i, line) in lines.Index())
        {
            if (line[0] != ' ') isShown.AsSpan(Math.Max(0, i - ContextLines)..Math.Min(lines.Count, i + ContextLines + 1)).Fill(true);
        }

        var text = new StringBuilder();
        foreach (var (i, line) in lines.Index())
        {
            if (isShown[i]) text.Append(line).Append('\n');
            else if (i == 0 || isShown[i - 1]) text.Append("...\n");
        }

        return text.ToString();
    }
}
