using System.Text;

namespace ActorInference.Host.Groups;

/// <summary>What two texts differ in, line by line, by their longest common subsequence.</summary>
public static class LineDiff
{
    private const int ContextLines = 3;

    /// <returns>Lines that begin with '-', '+' or a blank, gaps as "..."; empty if the texts are the same.</returns>
    public static string Between(string before, string after)
    {
        if (before == after) return "";
        var (a, b) = (Lines(before), Lines(after));
        var common = CommonLengths(a, b);
        var lines = new List<string>();
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

        return Shorten(lines);
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');

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
        var text = new StringBuilder();
        var isGap = false;
        for (var i = 0; i < lines.Count; i++)
        {
            var isNear = Enumerable.Range(Math.Max(0, i - ContextLines), Math.Min(lines.Count, i + ContextLines + 1) - Math.Max(0, i - ContextLines)).Any(k => lines[k][0] != ' ');
            if (isNear) text.Append(lines[i]).Append('\n');
            else if (!isGap) text.Append("...\n");
            isGap = !isNear;
        }

        return text.ToString();
    }
}
