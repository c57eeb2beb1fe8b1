namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The variable "loop".</summary>
internal sealed class LoopState(IReadOnlyList<object> items)
{
    private object? _lastChanged;

    public int Index { get; set; }

    public object? Attribute(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)(items.Count - Index),
        "revindex0" => (long)(items.Count - Index - 1),
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => 1L,   // Only recursive loops go deeper.
        "depth0" => 0L,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new Function("loop.cycle", null, (_, arguments) => Cycle(arguments)),
        "changed" => new Function("loop.changed", null, (context, arguments) => Changed(context, arguments)),
        _ => null,
    };

    private object Cycle(Arguments arguments) => arguments.Count == 0
        ? throw new TemplateFault("loop.cycle() needs an argument")
        : arguments.Positional[Index % arguments.Count];

    private object Changed(RenderContext context, Arguments arguments)
    {
        var now = new TupleValue([.. arguments.Positional]);
        if (_lastChanged is not null && Operators.AreEqual(_lastChanged, now, context.Budget)) return false;
        _lastChanged = now;
        return true;
    }
}
