namespace ActorInference.Gpu.ChatTemplates;

/// <summary>A node that has a value.</summary>
/// <param name="Line">Where it begins.</param>
internal abstract record Expression(int Line);

internal sealed record Literal(int Line, object Value) : Expression(Line);

internal sealed record Variable(int Line, string Name) : Expression(Line);

internal sealed record ListLiteral(int Line, IReadOnlyList<Expression> Items) : Expression(Line);

internal sealed record TupleLiteral(int Line, IReadOnlyList<Expression> Items) : Expression(Line);

internal sealed record DictLiteral(int Line, IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression(Line);

internal sealed record Negation(int Line, string Symbol, Expression Operand) : Expression(Line);

internal sealed record Not(int Line, Expression Operand) : Expression(Line);

internal sealed record And(int Line, Expression Left, Expression Right) : Expression(Line);

internal sealed record Or(int Line, Expression Left, Expression Right) : Expression(Line);

internal sealed record Arithmetic(int Line, string Symbol, Expression Left, Expression Right) : Expression(Line);

internal sealed record Concatenation(int Line, IReadOnlyList<Expression> Parts) : Expression(Line);

/// <summary>A chain such as a &lt; b &lt;= c, or one with "in" and "not in".</summary>
internal sealed record Comparison(int Line, Expression First, IReadOnlyList<(string Symbol, Expression Operand)> Rest) : Expression(Line);

/// <summary>"Then if Test else Otherwise"; undefined if there is no else.</summary>
internal sealed record Conditional(int Line, Expression Test, Expression Then, Expression? Otherwise) : Expression(Line);

internal sealed record AttributeAccess(int Line, Expression Target, string Name) : Expression(Line);

internal sealed record ItemAccess(int Line, Expression Target, Expression Key) : Expression(Line);

internal sealed record SliceAccess(int Line, Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

internal sealed record Call(int Line, Expression Target, CallArguments Arguments) : Expression(Line);

/// <param name="Target">Null in the filter of a block: the block's text.</param>
internal sealed record FilterCall(int Line, Expression? Target, string Name, Filter Filter, CallArguments Arguments) : Expression(Line);

internal sealed record TestCall(int Line, Expression Target, string Name, Test Test, CallArguments Arguments) : Expression(Line);

internal sealed record CallArguments(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static CallArguments None { get; } = new([], []);
}
