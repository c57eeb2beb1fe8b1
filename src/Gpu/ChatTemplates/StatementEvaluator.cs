namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Runs statements: they write to the context's output and set variables of a scope.</summary>
internal sealed class StatementEvaluator
{
    private readonly RenderContext _context;
    private readonly ExpressionEvaluator _expressions;

    public StatementEvaluator(RenderContext context)
    {
        _context = context;
        _expressions = new ExpressionEvaluator(context);
    }

    /// <summary>How a body ended.</summary>
    internal enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public Flow Run(IReadOnlyList<Statement> body, Scope scope)
    {
        foreach (var statement in body)
        {
            _context.Line = statement.Line;
            var flow = Run(statement, scope);
            if (flow != Flow.Next) return flow;
        }

        return Flow.Next;
    }

    public object Evaluate(Expression expression, Scope scope) => _expressions.Evaluate(expression, scope);

    private Flow Run(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case TextOutput text:
                _context.Write(text.Text);
                return Flow.Next;
            case ValueOutput output:
                _context.Write(Representation.Str(Evaluate(output.Value, scope), _context.Budget));
                return Flow.Next;
            case If branches:
                return Run(branches, scope);
            case For loop:
                Run(loop, scope);
                return Flow.Next;
            case ScopedBlock block:
                return Run(block, scope);
            case FilterBlock block:
                return Run(block, scope);
            case Break:
                return Flow.Break;
            case Continue:
                return Flow.Continue;
            default:
                Define(statement, scope);
                return Flow.Next;
        }
    }

    private void Define(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case SetValue set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                break;
            case SetBlock set:
                var text = _context.Capture(() => Run(set.Body, new Scope(scope)));
                Assign(set.Target, set.Filter is null ? text : _expressions.Apply(set.Filter, scope, text), scope);
                break;
            case MacroStatement macro:
                scope.Set(macro.Macro.Name, new Macro(macro.Macro, scope, this));
                break;
            case CallBlock block:
                _context.Write(Representation.Str(_expressions.Invoke(block.Call, scope, new Macro(block.Caller, scope, this)), _context.Budget));
                break;
            default:
                throw new InvalidOperationException($"A statement of type {statement.GetType().Name} cannot be run.");
        }
    }

    private Flow Run(If branches, Scope scope)
    {
        foreach (var (test, body) in branches.Branches)
        {
            if (Operators.IsTrue(Evaluate(test, scope))) return Run(body, scope);
        }

        return Run(branches.Otherwise, scope);
    }

    private void Run(For loop, Scope scope)
    {
        var items = Operators.CountedItems(Evaluate(loop.Items, scope), _context.Budget);
        if (loop.Filter is { } filter) items = [.. items.Where(item => Passes(item, filter))];
        if (items.Count == 0)
        {
            Run(loop.Otherwise, new Scope(scope));
            return;
        }

        var state = new LoopState(items);
        for (; state.Index < items.Count; state.Index++)
        {
            var inner = new Scope(scope);
            inner.Set("loop", state);
            Assign(loop.Target, items[state.Index], inner);
            if (Run(loop.Body, inner) == Flow.Break) break;
        }

        bool Passes(object item, Expression test)
        {
            var inner = new Scope(scope);
            Assign(loop.Target, item, inner);
            return Operators.IsTrue(Evaluate(test, inner));
        }
    }

    private Flow Run(ScopedBlock block, Scope scope)
    {
        var inner = new Scope(scope);
        foreach (var (target, value) in block.Variables) Assign(target, Evaluate(value, scope), inner);
        return Run(block.Body, inner);
    }

    private Flow Run(FilterBlock block, Scope scope)
    {
        var flow = Flow.Next;
        var text = _context.Capture(() => flow = Run(block.Body, new Scope(scope)));
        _context.Write(Representation.Str(_expressions.Apply(block.Filter, scope, text), _context.Budget));
        return flow;
    }

    private static void Assign(Target target, object value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case NamespaceTarget name when scope.Find(name.Name) is Namespace attributes:
                attributes.Attributes[name.Attribute] = value;
                break;
            case NamespaceTarget name:
                throw new TemplateFault($"'{name.Name}' is no namespace, so '{name.Name}.{name.Attribute}' cannot be set");
            case TupleTarget tuple:
                Unpack(tuple, value, scope);
                break;
        }
    }

    private static void Unpack(TupleTarget target, object value, Scope scope)
    {
        if (value is Undefined missing) throw missing.Fault();
        var items = Operators.Items(value);
        if (items.Count != target.Items.Count) throw new TemplateFault($"{items.Count} values cannot be unpacked into {target.Items.Count} variables");
        for (var i = 0; i < items.Count; i++) Assign(target.Items[i], items[i], scope);
    }
}
