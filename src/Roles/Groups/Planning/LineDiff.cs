namespace ActorInference.Roles.Groups.Planning;

/// <summary>The differences of two texts, by their longest common lines.</summary>
internal static class LineDiff
{
    private const int Around = 2;

    /// <returns>Empty if they are equal.</returns>
    public static IReadOnlyList<string> Between(string from, string to)
    {
        string[] left = from.TrimEnd('\n').Split('\n'), right = to.TrimEnd('\n').Split('\n');
        var lines = Lines(left, right, Lengths(left, right));
        var shown = new HashSet<int>();
        foreach (var (index, line) in lines.Index())
        {
            if (line[0] == ' ') continue;
            for (var near = index - Around; near <= index + Around; near++) shown.Add(near);
        }

        var result = new List<string>();
        foreach (var (index, line) in lines.Index())
        {
            if (shown.Contains(index)) result.Add(line);
            else if (result.Count > 0 && result[^1] != "...") result.Add("...");
        }

        if (result.Count > 0 && result[^1] == "...") result.RemoveAt(result.Count - 1);
        return result;
    }

    private static int[,] Lengths(string[] left, string[] right)
    {
        var lengths = new int[left.Length + 1, right.Length + 1];
        for (var i = left.Length - 1; i >= 0; i--)
        {
            for (var j = right.Length - 1; j >= 0; j--)
                lengths[i, j] = left[i] == right[j] ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
        }

        return lengths;
    }

    private static List<string> Lines(string[] left, string[] right, int[,] lengths)
    {
        var lines = new List<string>();
        var (i, j) = (0, 0);
        while (i < left.Length || j < right.Length)
        {
            if (i < left.Length && j < right.Length && left[i] == right[j])
            {
                lines.Add($"  {left[i++]}");
                j++;
            }
            else if (i < left.Length && (j == right.Length || lengths[i + 1, j] >= lengths[i, j + 1]))
            {
                lines.Add($"- {left[i++]}");
            }
            else
            {
                lines.Add($"+ {right[j++]}");
            }
        }

        return lines;
    }
}
