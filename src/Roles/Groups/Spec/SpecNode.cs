namespace ActorInference.Roles.Groups.Spec;

/// <summary>A value of a spec text with its place. Immutable: merging makes new ones, which keep the places of what they came from.</summary>
/// <param name="Path">As it was written, such as <c>spec.roles[0].name</c>.</param>
/// <param name="Line">From 1.</param>
internal abstract record SpecNode(string Path, int Line)
{
    public bool IsNull => this is SpecScalar { Quoted: false, Text: "" or "~" or "null" or "Null" or "NULL" };

    /// <summary>What it is, for messages.</summary>
    public string Described => this switch
    {
        { IsNull: true } => "nothing",
        SpecScalar scalar => $"'{Shortened(scalar.Text)}'",
        SpecList => "a list",
        _ => "a mapping",
    };

    private static string Shortened(string text) => (text.Length <= 60 ? text : text[..60] + "...").ReplaceLineEndings(" ");
}

/// <param name="Quoted">Whether it was written as a text: then it is no number, null or truth value.</param>
internal sealed record SpecScalar(string Text, bool Quoted, string Path, int Line) : SpecNode(Path, Line);

internal sealed record SpecList(IReadOnlyList<SpecNode> Items, string Path, int Line) : SpecNode(Path, Line);

internal sealed record SpecMap(IReadOnlyList<SpecEntry> Entries, string Path, int Line) : SpecNode(Path, Line)
{
    public SpecNode? Find(string key)
    {
        foreach (var entry in Entries)
        {
            if (entry.Key == key) return entry.Value;
        }

        return null;
    }

    /// <summary>With a field set; null leaves it as it is.</summary>
    public SpecMap With(string key, SpecNode? value)
    {
        if (value is null) return this;
        var entries = Entries.ToList();
        var index = entries.FindIndex(entry => entry.Key == key);
        if (index < 0) entries.Add(new SpecEntry(key, value, value.Line));
        else entries[index] = entries[index] with { Value = value };
        return this with { Entries = entries };
    }

    public SpecMap Without(params string[] keys) => this with { Entries = [.. Entries.Where(entry => !keys.Contains(entry.Key))] };

    /// <summary>An empty one at the place of another.</summary>
    public static SpecMap At(SpecNode place) => new([], place.Path, place.Line);

    /// <summary>A text at the place of this.</summary>
    public SpecScalar Scalar(string text) => new(text, Quoted: true, Path, Line);
}

/// <param name="Line">Of the key.</param>
internal sealed record SpecEntry(string Key, SpecNode Value, int Line);
