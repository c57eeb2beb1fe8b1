using System.Runtime.CompilerServices;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Computes the values of expressions.</summary>
internal sealed class ExpressionEvaluator(RenderContext context)
{
    public object Evaluate(Expression expression, Scope scope)
    {
        CheckDepth();
        return expression switch
        {
            Literal literal => literal.Value,
            Variable variable => scope.Find(variable.Name) ?? Undefined.Name(variable.Name),
            AttributeAccess access => Access.Attribute(Evaluate(access.Target, scope), access.Name),
            ItemAccess access => Access.Item(Evaluate(access.Target, scope), Evaluate(access.Key, scope)),
            SliceAccess slice => Slice(slice, scope),
            Comparison comparison => Compare(comparison, scope),
            And and => Evaluate(and.Left, scope) is var left && !Operators.IsTrue(left) ? left : Evaluate(and.Right, scope),
            Or or => Evaluate(or.Left, scope) is var left && Operators.IsTrue(left) ? left : Evaluate(or.Right, scope),
            Not not => !Operators.IsTrue(Evaluate(not.Operand, scope)),
            Concatenation concatenation => Concatenate(concatenation, scope),
            Arithmetic sum => ArithmeticOperators.Apply(sum.Symbol, Evaluate(sum.Left, scope), Evaluate(sum.Right, scope), context.Budget),
            Negation negation => ArithmeticOperators.Sign(negation.Symbol, Evaluate(negation.Operand, scope)),
            Conditional conditional => Choose(conditional, scope),
            Call call => Invoke(call, scope, null),
            FilterCall filter => Apply(filter, scope, null),
            TestCall test => test.Test.Holds(context, Evaluate(test.Target, scope), Evaluate($"test '{test.Name}'", test.Arguments, scope)),
            ListLiteral list => new ListValue(list.Items.Select(item => Evaluate(item, scope))),
            TupleLiteral tuple => new TupleValue([.. tuple.Items.Select(item => Evaluate(item, scope))]),
            DictLiteral dict => MakeDict(dict, scope),
            _ => throw new InvalidOperationException($"An expression of type {expression.GetType().Name} cannot be evaluated."),
        };
    }

    /// <param name="caller">The body of a call block, if the call is one's.</param>
    public object Invoke(Call call, Scope scope, Macro? caller)
    {
        var target = Evaluate(call.Target, scope);
        if (target is Undefined missing) throw missing.Fault();
        if (target is not Callable callable) throw new TemplateFault($"a {Operators.TypeName(target)} cannot be called");
        var arguments = Evaluate($"{callable.Name}()", call.Arguments, scope);
        if (caller is not null) arguments = arguments with { Named = [.. arguments.Named, ("caller", caller)] };
        return callable.Call(context, arguments);
    }

    /// <param name="block">The text of a filter block, for the innermost filter.</param>
    public object Apply(FilterCall filter, Scope scope, string? block)
    {
        CheckDepth();
        var value = filter.Target switch
        {
            null => block ?? "",
            FilterCall inner => Apply(inner, scope, block),
            var target => Evaluate(target, scope),
        };
        return filter.Filter.Apply(context, value, Evaluate($"filter '{filter.Name}'", filter.Arguments, scope));
    }

    /// <summary>A long chain, such as 1 + 1 + ..., is as deep as it is long.</summary>
    private static void CheckDepth()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw new TemplateFault("the template is nested too deeply");
    }

    private Arguments Evaluate(string callee, CallArguments arguments, Scope scope)
    {
        var positional = new object[arguments.Positional.Count];
        for (var i = 0; i < positional.Length; i++) positional[i] = Evaluate(arguments.Positional[i], scope);
        var named = new (string, object)[arguments.Named.Count];
        for (var i = 0; i < named.Length; i++) named[i] = (arguments.Named[i].Name, Evaluate(arguments.Named[i].Value, scope));
        return new Arguments(callee, positional, named);
    }

    private object Choose(Conditional conditional, Scope scope)
    {
        if (Operators.IsTrue(Evaluate(conditional.Test, scope))) return Evaluate(conditional.Then, scope);
        return conditional.Otherwise is { } otherwise
            ? Evaluate(otherwise, scope)
            : new Undefined("the inline if evaluated to false and has no else");
    }

    private object Compare(Comparison comparison, Scope scope)
    {
        var left = Evaluate(comparison.First, scope);
        foreach (var (symbol, operand) in comparison.Rest)
        {
            var right = Evaluate(operand, scope);
            if (!Holds(symbol, left, right)) return false;
            left = right;
        }

        return true;
    }

    private bool Holds(string symbol, object left, object right) => symbol switch
    {
        "==" => Operators.AreEqual(left, right, context.Budget),
        "!=" => !Operators.AreEqual(left, right, context.Budget),
        "in" => Operators.Contains(right, left, context.Budget),
        "not in" => !Operators.Contains(right, left, context.Budget),
        "<" => Operators.Compare(left, right, symbol, context.Budget) < 0,
        "<=" => Operators.Compare(left, right, symbol, context.Budget) <= 0,
        ">" => Operators.Compare(left, right, symbol, context.Budget) > 0,
        _ => Operators.Compare(left, right, symbol, context.Budget) >= 0,
    };

    private string Concatenate(Concatenation concatenation, Scope scope)
    {
        var parts = new string[concatenation.Parts.Count];
        for (var i = 0; i < parts.Length; i++) parts[i] = Representation.Str(Evaluate(concatenation.Parts[i], scope), context.Budget);
        context.Budget.CountText(parts.Sum(part => (long)part.Length));
        return string.Concat(parts);
    }

    private object Slice(SliceAccess slice, Scope scope)
    {
        var value = Evaluate(slice.Target, scope);
        return Access.Slice(value, Part(slice.Start), Part(slice.Stop), Part(slice.Step), context.Budget);

        object Part(Expression? part) => part is null ? None.Value : Evaluate(part, scope);
    }

    private Dict MakeDict(DictLiteral literal, Scope scope)
    {
        var dict = new Dict();
        foreach (var (key, value) in literal.Items) dict.Put(Evaluate(key, scope), Evaluate(value, scope));
        return dict;
    }
}
