namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The methods of dict and list.</summary>
internal static class ContainerMethods
{
    private static readonly Dictionary<string, Method<Dict>> OfDict = new(StringComparer.Ordinal)
    {
        ["items"] = new([], (context, dict, _) => Items(dict, context.Budget)),
        ["keys"] = new([], (context, dict, _) => Counted(dict.Keys, context.Budget)),
        ["values"] = new([], (context, dict, _) => Counted(dict.Values, context.Budget)),
        ["get"] = new(["key", "default"], (_, dict, arguments) =>
            dict.Find(arguments.Required(0, "key")) ?? arguments.Find(1, "default") ?? None.Value),
    };

    private static readonly Dictionary<string, Method<ListValue>> OfList = new(StringComparer.Ordinal)
    {
        ["append"] = new(["object"], Append),
        ["index"] = new(["value"], IndexOf),
        ["count"] = new(["value"], (context, list, arguments) => (long)list.Count(one => IsItem(context, arguments, one))),
    };

    public static Function? Find(Dict dict, string name) => OfDict.TryGetValue(name, out var method) ? method.Bind(name, dict) : null;

    public static Function? Find(ListValue list, string name) => OfList.TryGetValue(name, out var method) ? method.Bind(name, list) : null;

    /// <summary>The pairs of key and value.</summary>
    public static ListValue Items(Dict dict, RenderBudget budget) => Counted(dict.Select(pair => new TupleValue(pair.Key, pair.Value)), budget);

    private static ListValue Counted(IEnumerable<object> items, RenderBudget budget)
    {
        var list = new ListValue(items);
        budget.CountIterations(list.Count);
        return list;
    }

    private static object Append(RenderContext context, ListValue list, Arguments arguments)
    {
        context.Budget.CountIterations(1);
        list.Add(arguments.Required(0, "object"));
        return None.Value;
    }

    private static object IndexOf(RenderContext context, ListValue list, Arguments arguments)
    {
        var index = list.FindIndex(one => IsItem(context, arguments, one));
        return index >= 0 ? (long)index : throw new TemplateFault("the value is not in the list");
    }

    private static bool IsItem(RenderContext context, Arguments arguments, object one)
    {
        context.Budget.CountIterations(1);
        return Operators.AreEqual(one, arguments.Required(0, "value"), context.Budget);
    }
}
