namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Attributes, items and slices. What is not there is undefined; only undefined itself has neither.</summary>
internal static class Access
{
    /// <summary>"value.name": a method or attribute, else an item of that name.</summary>
    public static object Attribute(object value, string name)
    {
        if (value is Undefined missing) throw missing.Fault();
        return OwnAttribute(value, name) ?? (value as Dict)?.Find(name) ?? Missing(value, name);
    }

    /// <summary>"value[key]": an item, else an attribute of that name.</summary>
    public static object Item(object value, object key)
    {
        if (value is Undefined missing) throw missing.Fault();
        var item = value switch
        {
            Dict dict => dict.Find(key),
            ISequence sequence when Index(key, sequence.Count) is { } index => sequence[index],
            string text when key is long or bool => Character(text, key),
            _ => null,
        };
        if (item is not null) return item;
        if (key is string name) return OwnAttribute(value, name) ?? Missing(value, name);
        return new Undefined(key is long number
            ? $"{ObjectName(value)} has no element {number}"
            : $"{ObjectName(value)} has no element of type {Operators.TypeName(key)}");
    }

    /// <summary>"value[start:stop:step]"; each part may be None.</summary>
    /// <exception cref="TemplateFault">The value has no order, or a part is no integer.</exception>
    public static object Slice(object value, object start, object stop, object step, RenderBudget budget)
    {
        if (value is Undefined missing) throw missing.Fault();
        var by = Part(step) ?? 1;
        if (by == 0) throw new TemplateFault("the step of a slice is 0");
        IReadOnlyList<object> items = value switch
        {
            string text => PythonText.CodePoints(text),
            ISequence sequence => sequence,
            _ => throw new TemplateFault($"a {Operators.TypeName(value)} cannot be sliced"),
        };
        var picked = Pick(items, Part(start), Part(stop), by);
        budget.CountIterations(value is string ? 0 : picked.Count);
        if (value is string) budget.CountText(items.Count);
        return value switch
        {
            string => string.Concat(picked),
            TupleValue => new TupleValue([.. picked]),
            _ => new ListValue(picked),
        };
    }

    private static object? OwnAttribute(object value, string name) => value switch
    {
        string text => StringMethods.Find(text, name),
        Dict dict => ContainerMethods.Find(dict, name),
        ListValue list => ContainerMethods.Find(list, name),
        Namespace names => names.Attributes.GetValueOrDefault(name),
        LoopState loop => loop.Attribute(name),
        Callable callable when name == "name" => callable.Name,
        _ => null,
    };

    private static Undefined Missing(object value, string name) => new($"{ObjectName(value)} has no attribute '{name}'");

    private static string ObjectName(object value) => value is None ? "'None'" : $"'{Operators.TypeName(value)} object'";

    private static string? Character(string text, object key)
    {
        var points = PythonText.CodePoints(text);
        return Index(key, points.Count) is { } index ? points[index] : null;
    }

    private static int? Index(object key, int count)
    {
        if (key is not (long or bool)) return null;
        var index = key is long number ? number : key is true ? 1 : 0;
        if (index < 0) index += count;
        return index >= 0 && index < count ? (int)index : null;
    }

    private static long? Part(object value) => value switch
    {
        None => null,
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => throw new TemplateFault($"a slice needs integers, not a {Operators.TypeName(value)}"),
    };

    private static List<object> Pick(IReadOnlyList<object> items, long? start, long? stop, long step)
    {
        var (low, high) = step > 0 ? (0L, (long)items.Count) : (-1L, items.Count - 1L);
        var from = start is { } s ? Bound(s) : step > 0 ? low : high;
        var to = stop is { } e ? Bound(e) : step > 0 ? high : low;
        var picked = new List<object>();
        step = Math.Clamp(step, -int.MaxValue, int.MaxValue);
        for (var i = from; step > 0 ? i < to : i > to; i += step) picked.Add(items[(int)i]);
        return picked;

        long Bound(long index) => Math.Clamp(index < 0 ? index + items.Count : index, low, high);
    }
}
