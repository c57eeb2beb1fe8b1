namespace Akka.Configuration.Hocon;

/// <summary>A value as it was written, before its substitutions are resolved.</summary>
internal abstract class HoconNode;

internal sealed class TextNode(string text) : HoconNode
{
    public string Text { get; } = text;
}

internal sealed class NullNode : HoconNode;

/// <summary>A value from an included document, which has been resolved there.</summary>
internal sealed class ResolvedNode(HoconValue value) : HoconNode
{
    public HoconValue Value { get; } = value;
}

/// <summary><c>${path}</c>, or <c>${?path}</c>, which may come to nothing.</summary>
internal sealed class SubstitutionNode(string[] path, bool isOptional, TextPosition at) : HoconNode
{
    public string[] Path { get; } = path;

    public bool IsOptional { get; } = isOptional;

    public TextPosition At { get; } = at;
}

/// <summary>Texts, or arrays, side by side: they become one.</summary>
internal sealed class ConcatenationNode(List<HoconNode> pieces, TextPosition at) : HoconNode
{
    public List<HoconNode> Pieces { get; } = pieces;

    public TextPosition At { get; } = at;
}

internal sealed class ArrayNode : HoconNode
{
    public List<HoconField> Items { get; } = [];
}

internal sealed class ObjectNode : HoconNode
{
    public Dictionary<string, HoconField> Fields { get; } = [];

    public void Set(ReadOnlySpan<string> path, HoconNode value)
    {
        var field = FieldOf(path[0]);
        if (path.Length == 1)
        {
            field.Add(value);
        }
        else
        {
            var inner = new ObjectNode();
            inner.Set(path[1..], value);
            field.Add(inner);
        }
    }

    public void Take(ObjectNode later)
    {
        foreach (var (key, field) in later.Fields)
        {
            var own = FieldOf(key);
            foreach (var value in field.Values) own.Add(value);
        }
    }

    private HoconField FieldOf(string key)
    {
        if (!Fields.TryGetValue(key, out var field)) Fields[key] = field = new HoconField();
        return field;
    }
}

/// <summary>All that was written for one key. The last counts; an object adds to the one before it.</summary>
internal sealed class HoconField
{
    public List<HoconNode> Values { get; } = [];

    /// <summary>Which of the values is being resolved: a substitution inside it sees only those before it. Null for none.</summary>
    public int? Active { get; set; }

    public HoconValue Resolved { get; set; }

    public bool IsResolved { get; set; }

    public void Add(HoconNode value)
    {
        if (value is ObjectNode later && Values.Count > 0 && Values[^1] is ObjectNode earlier) earlier.Take(later);
        else Values.Add(value);
    }
}
