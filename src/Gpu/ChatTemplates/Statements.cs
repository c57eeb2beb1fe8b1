namespace ActorInference.Gpu.ChatTemplates;

/// <summary>A node that writes or does something.</summary>
/// <param name="Line">Where it begins.</param>
internal abstract record Statement(int Line);

internal sealed record TextOutput(int Line, string Text) : Statement(Line);

internal sealed record ValueOutput(int Line, Expression Value) : Statement(Line);

internal sealed record If(int Line, IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise)
    : Statement(Line);

internal sealed record For(
    int Line, Target Target, Expression Items, Expression? Filter, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Otherwise)
    : Statement(Line);

internal sealed record Break(int Line) : Statement(Line);

internal sealed record Continue(int Line) : Statement(Line);

internal sealed record SetValue(int Line, Target Target, Expression Value) : Statement(Line);

/// <param name="Filter">Applied to the text of the body, if there is one.</param>
internal sealed record SetBlock(int Line, Target Target, FilterCall? Filter, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record MacroStatement(int Line, MacroDefinition Macro) : Statement(Line);

/// <summary>Calls a macro that calls the body back as caller().</summary>
internal sealed record CallBlock(int Line, MacroDefinition Caller, Call Call) : Statement(Line);

internal sealed record FilterBlock(int Line, FilterCall Filter, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary>A body with variables of its own: with, generation.</summary>
internal sealed record ScopedBlock(int Line, IReadOnlyList<(Target Target, Expression Value)> Variables, IReadOnlyList<Statement> Body)
    : Statement(Line);

/// <param name="Name">As called.</param>
/// <param name="Parameters">In order, with their defaults.</param>
/// <param name="Body">What it writes.</param>
/// <param name="NamesUsed">Every name that the body mentions: caller, varargs and kwargs are accepted only if it does.</param>
internal sealed record MacroDefinition(
    string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body, IReadOnlySet<string> NamesUsed);

/// <summary>What a value is assigned to.</summary>
internal abstract record Target;

internal sealed record NameTarget(string Name) : Target;

internal sealed record NamespaceTarget(string Name, string Attribute) : Target;

internal sealed record TupleTarget(IReadOnlyList<Target> Items) : Target;
