namespace ActorInference.Gpu.ChatTemplates;

/// <summary>A macro of a template: called, it gives the text that its body writes.</summary>
/// <param name="definition">What it does.</param>
/// <param name="home">Where it was defined: what its body sees besides its parameters.</param>
/// <param name="statements">Runs its body.</param>
internal sealed class Macro(MacroDefinition definition, Scope home, StatementEvaluator statements) : Callable(definition.Name)
{
    private const int MaxCallDepth = 100;

    public override object Call(RenderContext context, Arguments arguments)
    {
        if (context.CallDepth == MaxCallDepth) throw new TemplateFault($"macros call each other more than {MaxCallDepth} levels deep");
        context.CallDepth++;
        var line = context.Line;
        var scope = new Scope(home);
        Bind(arguments, scope);
        var text = context.Capture(() => statements.Run(definition.Body, scope));
        context.Line = line;
        context.CallDepth--;
        return text;
    }

    private void Bind(Arguments arguments, Scope scope)
    {
        var named = arguments.Named.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        for (var i = 0; i < definition.Parameters.Count; i++)
        {
            var (name, fallback) = definition.Parameters[i];
            var isNamed = named.Remove(name, out var value);
            if (i < arguments.Count && isNamed) throw new TemplateFault($"{arguments.Callee} gets '{name}' twice");
            if (i < arguments.Count) value = arguments.Positional[i];
            scope.Set(name, value ?? (fallback is null ? new Undefined($"parameter '{name}' was not provided") : statements.Evaluate(fallback, scope)));
        }

        BindRest(arguments, named, scope);
    }

    private void BindRest(Arguments arguments, Dictionary<string, object> named, Scope scope)
    {
        if (definition.NamesUsed.Contains("caller")) scope.Set("caller", named.Remove("caller", out var caller) ? caller : new Undefined("No caller defined"));
        var extra = arguments.Positional.Skip(definition.Parameters.Count).ToList();
        if (definition.NamesUsed.Contains("varargs")) scope.Set("varargs", new TupleValue([.. extra]));
        else if (extra.Count > 0) throw new TemplateFault($"{arguments.Callee} takes at most {definition.Parameters.Count} arguments, not {arguments.Count}");
        if (definition.NamesUsed.Contains("kwargs"))
        {
            var rest = new Dict();
            foreach (var (name, value) in named) rest.Put(name, value);
            scope.Set("kwargs", rest);
        }
        else if (named.Count > 0)
        {
            throw new TemplateFault($"{arguments.Callee} has no parameter '{named.Keys.First()}'");
        }
    }
}
