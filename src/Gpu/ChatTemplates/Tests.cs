namespace ActorInference.Gpu.ChatTemplates;

/// <summary>A test, as in "value is name" or "value is name(argument)".</summary>
/// <param name="Parameters">Names of its arguments, each required.</param>
internal sealed record Test(IReadOnlyList<string> Parameters, Func<RenderContext, object, Arguments, bool> Body)
{
    public bool Holds(RenderContext context, object value, Arguments arguments)
    {
        arguments.Check(Parameters);
        return Body(context, value, arguments);
    }
}

/// <summary>Jinja's tests.</summary>
internal static class Tests
{
    public static IReadOnlyDictionary<string, Test> All { get; } = new Dictionary<string, Test>(StringComparer.Ordinal)
    {
        ["defined"] = Plain(value => value is not Undefined),
        ["undefined"] = Plain(value => value is Undefined),
        ["none"] = Plain(value => value is None),
        ["string"] = Plain(value => value is string),
        ["mapping"] = Plain(value => value is Dict),
        ["sequence"] = Plain(value => value is ISequence or string or Dict or Undefined),
        ["iterable"] = Plain(value => value is ISequence or string or Dict or Undefined),
        ["number"] = Plain(value => value is long or double or bool or System.Numerics.BigInteger),
        ["integer"] = Plain(value => value is long or System.Numerics.BigInteger),
        ["float"] = Plain(value => value is double),
        ["boolean"] = Plain(value => value is bool),
        ["true"] = Plain(value => value is true),
        ["false"] = Plain(value => value is false),
        ["callable"] = Plain(value => value is Callable or Undefined),
        ["lower"] = new([], (context, value, _) => StringMethods.IsLower(Representation.Str(value, context.Budget))),
        ["upper"] = new([], (context, value, _) => StringMethods.IsUpper(Representation.Str(value, context.Budget))),
        ["odd"] = new([], (context, value, _) => Remainder(context, value, 2L) is 1L or 1.0),
        ["even"] = new([], (context, value, _) => Remainder(context, value, 2L) is 0L or 0.0),
        ["divisibleby"] = new(["num"], (context, value, arguments) => Remainder(context, value, arguments.Required(0, "num")) is 0L or 0.0),
        ["sameas"] = new(["other"], (_, value, arguments) => IsSame(value, arguments.Required(0, "other"))),
        ["in"] = new(["seq"], (context, value, arguments) => Operators.Contains(arguments.Required(0, "seq"), value, context.Budget)),
        ["eq"] = Equality(true),
        ["equalto"] = Equality(true),
        ["=="] = Equality(true),
        ["ne"] = Equality(false),
        ["!="] = Equality(false),
        ["lt"] = Order("<", order => order < 0),
        ["lessthan"] = Order("<", order => order < 0),
        ["<"] = Order("<", order => order < 0),
        ["le"] = Order("<=", order => order <= 0),
        ["<="] = Order("<=", order => order <= 0),
        ["gt"] = Order(">", order => order > 0),
        ["greaterthan"] = Order(">", order => order > 0),
        [">"] = Order(">", order => order > 0),
        ["ge"] = Order(">=", order => order >= 0),
        [">="] = Order(">=", order => order >= 0),
    };

    private static Test Plain(Func<object, bool> body) => new([], (_, value, _) => body(value));

    private static Test Equality(bool expected) => new(["other"], (context, value, arguments) =>
        Operators.AreEqual(value, arguments.Required(0, "other"), context.Budget) == expected);

    private static Test Order(string symbol, Func<int?, bool> holds) => new(["other"], (context, value, arguments) =>
        holds(Operators.Compare(value, arguments.Required(0, "other"), symbol, context.Budget)));

    private static object Remainder(RenderContext context, object value, object divisor) =>
        ArithmeticOperators.Apply("%", value, divisor, context.Budget);

    private static bool IsSame(object value, object other) => (value, other) switch
    {
        (bool a, bool b) => a == b,
        (long a, long b) => a == b,
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        _ => ReferenceEquals(value, other),
    };
}
