namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The evaluated arguments of a call.</summary>
/// <param name="Callee">For errors.</param>
internal sealed record Arguments(string Callee, IReadOnlyList<object> Positional, IReadOnlyList<(string Name, object Value)> Named)
{
    public int Count => Positional.Count;

    /// <summary>Throws unless each argument is for one of the parameters, and at most one for each.</summary>
    public void Check(IReadOnlyList<string> parameters)
    {
        if (Positional.Count > parameters.Count)
            throw new TemplateFault($"{Callee} takes at most {parameters.Count} arguments, not {Positional.Count}");
        var seen = new HashSet<string>(parameters.Take(Positional.Count), StringComparer.Ordinal);
        foreach (var (name, _) in Named)
        {
            if (!parameters.Contains(name)) throw new TemplateFault($"{Callee} has no parameter '{name}'");
            if (!seen.Add(name)) throw new TemplateFault($"{Callee} gets '{name}' twice");
        }
    }

    public object? Find(int index, string name)
    {
        if (index < Positional.Count) return Positional[index];
        foreach (var (given, value) in Named)
        {
            if (given == name) return value;
        }

        return null;
    }

    public object Required(int index, string name) => Find(index, name) ?? throw new TemplateFault($"{Callee} needs '{name}'");

    public string Text(int index, string name) => Required(index, name) as string ?? throw Wrong(name, Required(index, name), "a string");

    /// <summary>Null if it is absent or None.</summary>
    public string? OptionalText(int index, string name) => Find(index, name) switch
    {
        null or None => null,
        string text => text,
        var other => throw Wrong(name, other, "a string"),
    };

    public long? OptionalInteger(int index, string name) => Find(index, name) switch
    {
        null or None => null,
        long integer => integer,
        bool flag => flag ? 1 : 0,
        var other => throw Wrong(name, other, "an integer"),
    };

    /// <summary>A limit on how often something is done; none if it is absent, None or negative.</summary>
    public int OptionalCount(int index, string name) =>
        OptionalInteger(index, name) is { } count && count >= 0 ? (int)Math.Min(count, int.MaxValue) : int.MaxValue;

    public bool Flag(int index, string name, bool fallback = false) => Find(index, name) is { } value ? Operators.IsTrue(value) : fallback;

    private TemplateFault Wrong(string name, object value, string expected) =>
        new($"'{name}' of {Callee} is a {Operators.TypeName(value)}; expected {expected}");
}

/// <summary>Something that a template may call.</summary>
internal abstract class Callable(string name)
{
    public string Name { get; } = name;

    public abstract object Call(RenderContext context, Arguments arguments);
}

/// <param name="parameters">Their names; null if it takes anything.</param>
internal sealed class Function(string name, IReadOnlyList<string>? parameters, Func<RenderContext, Arguments, object> body) : Callable(name)
{
    public override object Call(RenderContext context, Arguments arguments)
    {
        if (parameters is not null) arguments.Check(parameters);
        return body(context, arguments);
    }
}

/// <summary>A method of values of type <typeparamref name="T"/>.</summary>
internal sealed record Method<T>(IReadOnlyList<string> Parameters, Func<RenderContext, T, Arguments, object> Body)
{
    public Function Bind(string name, T receiver) => new(name, Parameters, (context, arguments) => Body(context, receiver, arguments));
}
