namespace ActorInference.Gpu.ChatTemplates;

/// <summary>A filter, as in "value | name(arguments)".</summary>
/// <param name="Parameters">Names of its arguments; null if it takes anything.</param>
internal sealed record Filter(IReadOnlyList<string>? Parameters, Func<RenderContext, object, Arguments, object> Body)
{
    public object Apply(RenderContext context, object value, Arguments arguments)
    {
        if (Parameters is not null) arguments.Check(Parameters);
        return Body(context, value, arguments);
    }
}

/// <summary>Jinja's filters.</summary>
internal static class Filters
{
    public static IReadOnlyDictionary<string, Filter> All { get; } = Table();

    private static Dictionary<string, Filter> Table()
    {
        var table = new Dictionary<string, Filter>(StringComparer.Ordinal)
        {
            ["default"] = new(["default_value", "boolean"], Default),
            ["d"] = new(["default_value", "boolean"], Default),
            ["string"] = new([], (context, value, _) => Representation.Str(value, context.Budget)),
            ["safe"] = new([], (context, value, _) => Representation.Str(value, context.Budget)),
            ["length"] = new([], (_, value, _) => Length(value)),
            ["count"] = new([], (_, value, _) => Length(value)),
            ["tojson"] = new(["ensure_ascii", "indent", "separators", "sort_keys"], ToJson),
        };
        foreach (var (name, filter) in TextFilters.All.Concat(NumberFilters.All).Concat(SequenceFilters.All)) table.Add(name, filter);
        return table;
    }

    private static object Default(RenderContext context, object value, Arguments arguments)
    {
        var isMissing = value is Undefined || (arguments.Flag(1, "boolean") && !Operators.IsTrue(value));
        return isMissing ? arguments.Find(0, "default_value") ?? "" : value;
    }

    private static object Length(object value) => value switch
    {
        string text => (long)PythonText.Length(text),
        ISequence sequence => (long)sequence.Count,
        Dict dict => (long)dict.Count,
        Undefined => 0L,
        _ => throw new TemplateFault($"a {Operators.TypeName(value)} has no length"),
    };

    /// <summary>As transformers defines it: json.dumps with ensure_ascii off, and no escaping for HTML.</summary>
    private static object ToJson(RenderContext context, object value, Arguments arguments)
    {
        var indent = arguments.Find(1, "indent") switch
        {
            null or None => null,
            string text => text,
            _ => new string(' ', (int)Math.Clamp(arguments.OptionalInteger(1, "indent") ?? 0, 0, 100)),
        };
        var (item, key) = arguments.Find(2, "separators") switch
        {
            null or None => (indent is null ? ", " : ",", ": "),
            ISequence { Count: 2 } pair when pair[0] is string first && pair[1] is string second => (first, second),
            _ => throw new TemplateFault("'separators' of tojson must be a pair of strings"),
        };
        var layout = new JsonLayout(indent, item, key, arguments.Flag(0, "ensure_ascii"), arguments.Flag(3, "sort_keys"));
        return JsonText.Write(value, layout, context.Budget);
    }
}
