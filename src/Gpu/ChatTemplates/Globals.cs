namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The functions that every template sees, and the variables that its input makes.</summary>
internal static class Globals
{
    /// <summary>The outermost scope. Never written to once made.</summary>
    public static Scope Scope { get; } = Functions();

    /// <summary>Sets the variables as transformers does: absent tools and documents are None, absent tokens undefined.</summary>
    public static void SetInput(Scope scope, ChatTemplateInput input)
    {
        if (input.BosToken is not null) scope.Set("bos_token", input.BosToken);
        if (input.EosToken is not null) scope.Set("eos_token", input.EosToken);
        scope.Set("messages", JsonValues.From(input.Messages));
        scope.Set("tools", JsonValues.From(input.Tools));
        scope.Set("documents", None.Value);
        scope.Set("add_generation_prompt", input.AddGenerationPrompt);
        foreach (var (name, value) in input.Extra ?? []) scope.Set(name, JsonValues.From(value));
    }

    private static Scope Functions()
    {
        var scope = new Scope(null);
        foreach (var function in new[]
        {
            new Function("range", ["start", "stop", "step"], (_, arguments) => Range(arguments)),
            new Function("dict", null, (context, arguments) => MakeDict(context, arguments)),
            new Function("namespace", null, (context, arguments) => MakeNamespace(context, arguments)),
            new Function("raise_exception", ["message"], (context, arguments) =>
                throw new TemplateFault(Representation.Str(arguments.Required(0, "message"), context.Budget), isRefusal: true)),
            new Function("strftime_now", ["format"], (context, arguments) =>
                DateText.Format(context.Clock.GetLocalNow(), arguments.Text(0, "format"))),
        }) scope.Set(function.Name, function);
        return scope;
    }

    private static RangeValue Range(Arguments arguments)
    {
        var first = arguments.OptionalInteger(0, "start") ?? throw new TemplateFault("range() needs an integer");
        if (arguments.Count == 1) return new RangeValue(0, first, 1);
        var stop = arguments.OptionalInteger(1, "stop") ?? throw new TemplateFault("range() needs an integer");
        return new RangeValue(first, stop, arguments.OptionalInteger(2, "step") ?? 1);
    }

    private static Dict MakeDict(RenderContext context, Arguments arguments)
    {
        if (arguments.Count > 1) throw new TemplateFault("dict() takes at most one argument without a name");
        var dict = new Dict();
        if (arguments.Count == 1)
        {
            var pairs = arguments.Positional[0] is Dict other
                ? ContainerMethods.Items(other, context.Budget)
                : Operators.CountedItems(arguments.Positional[0], context.Budget);
            foreach (var pair in pairs)
            {
                if (pair is not ISequence { Count: 2 } both) throw new TemplateFault("dict() needs pairs of key and value");
                dict.Put(both[0], both[1]);
            }
        }

        foreach (var (name, value) in arguments.Named) dict.Put(name, value);
        return dict;
    }

    private static Namespace MakeNamespace(RenderContext context, Arguments arguments)
    {
        var names = new Namespace();
        foreach (var (key, value) in MakeDict(context, arguments))
            names.Attributes[key as string ?? throw new TemplateFault("namespace() needs names that are strings")] = value;
        return names;
    }
}
