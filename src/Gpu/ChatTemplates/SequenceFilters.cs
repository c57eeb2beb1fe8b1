using System.Globalization;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The filters over items. Where Jinja gives a generator they give a list.</summary>
internal static class SequenceFilters
{
    public static IReadOnlyDictionary<string, Filter> All { get; } = new Dictionary<string, Filter>(StringComparer.Ordinal)
    {
        ["join"] = new(["d", "attribute"], Join),
        ["first"] = new([], (_, value, _) => Operators.Items(value) is [var first, ..] ? first : new Undefined("there is no first item, the sequence is empty")),
        ["last"] = new([], (_, value, _) => Operators.Items(value) is [.., var last] ? last : new Undefined("there is no last item, the sequence is empty")),
        ["list"] = new([], (context, value, _) => new ListValue(Operators.CountedItems(value, context.Budget))),
        ["items"] = new([], Items),
        ["dictsort"] = new(["case_sensitive", "by", "reverse"], DictSort),
        ["sort"] = new(["reverse", "case_sensitive", "attribute"], Sort),
        ["reverse"] = new([], Reverse),
        ["unique"] = new(["case_sensitive", "attribute"], Unique),
        ["min"] = new(["case_sensitive", "attribute"], (context, value, arguments) => Extreme(context, value, arguments, isMax: false)),
        ["max"] = new(["case_sensitive", "attribute"], (context, value, arguments) => Extreme(context, value, arguments, isMax: true)),
        ["sum"] = new(["attribute", "start"], Sum),
        ["map"] = new(null, Map),
        ["select"] = new(null, (context, value, arguments) => Select(context, value, arguments, byAttribute: false, keep: true)),
        ["reject"] = new(null, (context, value, arguments) => Select(context, value, arguments, byAttribute: false, keep: false)),
        ["selectattr"] = new(null, (context, value, arguments) => Select(context, value, arguments, byAttribute: true, keep: true)),
        ["rejectattr"] = new(null, (context, value, arguments) => Select(context, value, arguments, byAttribute: true, keep: false)),
    };

    private static object Join(RenderContext context, object value, Arguments arguments)
    {
        var separator = Representation.Str(arguments.Find(0, "d") ?? "", context.Budget);
        var key = Key(arguments.Find(1, "attribute"));
        var texts = Operators.CountedItems(value, context.Budget).Select(item => Representation.Str(key(item), context.Budget)).ToList();
        context.Budget.CountText(texts.Sum(text => (long)text.Length + separator.Length));
        return string.Join(separator, texts);
    }

    private static object Items(RenderContext context, object value, Arguments arguments) => value switch
    {
        Dict dict => ContainerMethods.Items(dict, context.Budget),
        Undefined => new ListValue(),
        _ => throw new TemplateFault($"items needs a dict, not a {Operators.TypeName(value)}"),
    };

    private static object DictSort(RenderContext context, object value, Arguments arguments)
    {
        if (value is not Dict dict) throw new TemplateFault($"dictsort needs a dict, not a {Operators.TypeName(value)}");
        var position = (arguments.OptionalText(1, "by") ?? "key") switch
        {
            "key" => 0,
            "value" => 1,
            var other => throw new TemplateFault($"'by' of dictsort is '{other}'; expected key or value"),
        };
        var isCaseSensitive = arguments.Flag(0, "case_sensitive");
        var pairs = ContainerMethods.Items(dict, context.Budget);
        return Sorted(context, pairs, pair => Folded(((TupleValue)pair)[position], isCaseSensitive), arguments.Flag(2, "reverse"));
    }

    private static object Sort(RenderContext context, object value, Arguments arguments)
    {
        var isCaseSensitive = arguments.Flag(1, "case_sensitive");
        var keys = SortKeys(arguments.Find(2, "attribute"));
        var items = Operators.CountedItems(value, context.Budget);
        return Sorted(context, items, Whole, arguments.Flag(0, "reverse"));

        object Whole(object item) => keys.Count == 1
            ? Folded(keys[0](item), isCaseSensitive)
            : new TupleValue([.. keys.Select(key => Folded(key(item), isCaseSensitive))]);
    }

    /// <summary>"a,b" sorts by a, then by b.</summary>
    private static List<Func<object, object>> SortKeys(object? attribute) => attribute is string names
        ? [.. names.Split(',').Select(name => Key(name))]
        : [Key(attribute)];

    private static ListValue Sorted(RenderContext context, IReadOnlyList<object> items, Func<object, object> key, bool reverse)
    {
        var comparer = Comparer<object>.Create((left, right) =>
        {
            context.Budget.CountIterations(1);
            return Operators.Compare(left, right, "<", context.Budget) ?? 0;
        });
        try
        {
            return new ListValue(reverse ? items.OrderByDescending(key, comparer) : items.OrderBy(key, comparer));
        }
        catch (InvalidOperationException cause) when (cause.InnerException is TemplateFault fault)
        {
            throw fault;
        }
    }

    private static object Reverse(RenderContext context, object value, Arguments arguments)
    {
        var items = Operators.CountedItems(value, context.Budget).Reverse();
        return value is string ? string.Concat(items) : new ListValue(items);
    }

    private static object Unique(RenderContext context, object value, Arguments arguments)
    {
        var isCaseSensitive = arguments.Flag(0, "case_sensitive");
        var key = Key(arguments.Find(1, "attribute"));
        var seen = new Dict();
        var result = new ListValue();
        foreach (var item in Operators.CountedItems(value, context.Budget))
        {
            var folded = Folded(key(item), isCaseSensitive);
            if (seen.Has(folded)) continue;
            seen.Put(folded, true);
            result.Add(item);
        }

        return result;
    }

    private static object Extreme(RenderContext context, object value, Arguments arguments, bool isMax)
    {
        var isCaseSensitive = arguments.Flag(0, "case_sensitive");
        var key = Key(arguments.Find(1, "attribute"));
        object? best = null;
        foreach (var item in Operators.CountedItems(value, context.Budget))
        {
            if (best is null || IsBetter(item)) best = item;

            bool IsBetter(object one) =>
                Operators.Compare(Folded(key(one), isCaseSensitive), Folded(key(best), isCaseSensitive), isMax ? ">" : "<", context.Budget) is { } order
                && (isMax ? order > 0 : order < 0);
        }

        return best ?? new Undefined("there is no item, the sequence is empty");
    }

    private static object Sum(RenderContext context, object value, Arguments arguments)
    {
        var key = Key(arguments.Find(0, "attribute"));
        return Operators.CountedItems(value, context.Budget).Aggregate(
            arguments.Find(1, "start") ?? 0L, (sum, item) => ArithmeticOperators.Apply("+", sum, key(item), context.Budget));
    }

    /// <summary>map(attribute="name", default=...) or map("filter", arguments of the filter).</summary>
    private static object Map(RenderContext context, object value, Arguments arguments)
    {
        var items = Operators.CountedItems(value, context.Budget);
        if (arguments.Count == 0)
        {
            foreach (var (name, _) in arguments.Named)
            {
                if (name is not ("attribute" or "default")) throw new TemplateFault($"map has no parameter '{name}'");
            }

            return new ListValue(items.Select(Key(arguments.Required(0, "attribute"), arguments.Find(1, "default"))));
        }

        var filter = arguments.Text(0, "filter");
        if (!Filters.All.TryGetValue(filter, out var definition)) throw new TemplateFault($"there is no filter '{filter}'");
        var rest = new Arguments($"filter '{filter}'", [.. arguments.Positional.Skip(1)], arguments.Named);
        return new ListValue(items.Select(item => definition.Apply(context, item, rest)));
    }

    /// <summary>select("test", arguments of the test), selectattr("attribute", "test", ...), and their opposites.</summary>
    private static object Select(RenderContext context, object value, Arguments arguments, bool byAttribute, bool keep)
    {
        var key = byAttribute ? Key(arguments.Required(0, "attribute")) : item => item;
        var holds = Condition(context, arguments, byAttribute ? 1 : 0);
        return new ListValue(Operators.CountedItems(value, context.Budget).Where(item => holds(key(item)) == keep));
    }

    private static Func<object, bool> Condition(RenderContext context, Arguments arguments, int from)
    {
        if (arguments.Count <= from) return Operators.IsTrue;
        var name = arguments.Text(from, "test");
        if (!Tests.All.TryGetValue(name, out var test)) throw new TemplateFault($"there is no test '{name}'");
        var rest = new Arguments($"test '{name}'", [.. arguments.Positional.Skip(from + 1)], arguments.Named);
        return value => test.Holds(context, value, rest);
    }

    /// <summary>Reads "a.b.0" from an item; the item itself if there is no attribute.</summary>
    /// <param name="fallback">Instead of each part that is not there, if it is not null.</param>
    private static Func<object, object> Key(object? attribute, object? fallback = null)
    {
        if (attribute is null or None) return item => item;
        if (attribute is long) return item => Part(item, attribute);
        if (attribute is not string path) throw new TemplateFault($"an attribute is a {Operators.TypeName(attribute)}; expected a string");
        var parts = path.Split('.').Select(part => part.Length > 0 && part.All(char.IsAsciiDigit)
            ? (object)long.Parse(part, CultureInfo.InvariantCulture)
            : part).ToList();
        return item => parts.Aggregate(item, Part);

        object Part(object item, object name) =>
            Access.Item(item, name) is var found && found is Undefined && fallback is not null and not None ? fallback : found;
    }

    private static object Folded(object value, bool isCaseSensitive) =>
        value is string text && !isCaseSensitive ? text.ToLowerInvariant() : value;
}
