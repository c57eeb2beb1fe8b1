namespace ActorInference.Roles.Groups.Spec;

/// <summary>One of the texts that are read together.</summary>
/// <param name="Name">Of its file; empty if it is the only one, and nobody asks where.</param>
public sealed record SpecSource(string Name, string Text);

/// <summary>The lines of several texts, counted through, and whose each is.</summary>
/// <remarks>There is at least one text.</remarks>
internal sealed class SourceLines
{
    private readonly IReadOnlyList<SpecSource> _sources;
    private readonly int[] _before;

    public SourceLines(IReadOnlyList<SpecSource> sources)
    {
        _sources = sources;
        _before = new int[sources.Count];
        // One more than there are: a parser may find the end of a text behind its last line.
        for (var i = 1; i < sources.Count; i++) _before[i] = _before[i - 1] + LinesOf(sources[i - 1].Text) + 1;
    }

    /// <summary>How many there are before each text.</summary>
    public IReadOnlyList<int> Before => _before;

    /// <summary>With the name of its file, and the line within it.</summary>
    public SpecError Locate(SpecError error)
    {
        var index = IndexOf(error.Line);
        return error with { File = _sources[index].Name, Line = Math.Max(1, error.Line - _before[index]) };
    }

    /// <summary>Which of the texts a line is of.</summary>
    public int IndexOf(int line)
    {
        var index = _before.Length - 1;
        while (index > 0 && _before[index] >= line) index--;
        return index;
    }

    private static int LinesOf(string text)
    {
        var count = 0;
        foreach (var line in text.AsSpan().EnumerateLines()) count++;
        return count;
    }
}
