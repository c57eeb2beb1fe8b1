using System.Numerics;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>A number: an integer of 64 bits or a float.</summary>
internal readonly record struct Number(bool IsInteger, long Integer, double Float)
{
    public double AsDouble => IsInteger ? Integer : Float;

    public static Number Of(long value) => new(true, value, 0);

    public static Number Of(double value) => new(false, 0, value);

    /// <summary>The order as in Python; null where a NaN is compared.</summary>
    public static int? Compare(Number left, Number right)
    {
        if (left.IsInteger && right.IsInteger) return left.Integer.CompareTo(right.Integer);
        var (a, b) = (left.AsDouble, right.AsDouble);
        return double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b);
    }
}

/// <summary>Truth, equality, order and membership of values, as Python has them.</summary>
internal static class Operators
{
    private const int MaxDepth = 100;

    public static string TypeName(object value) => value switch
    {
        None => "NoneType",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        string => "str",
        ListValue => "list",
        TupleValue => "tuple",
        RangeValue => "range",
        Dict => "dict",
        Namespace => "Namespace",
        LoopState => "LoopContext",
        Undefined => "Undefined",
        Macro => "Macro",
        _ => "function",
    };

    public static bool IsTrue(object value) => value switch
    {
        bool flag => flag,
        None or Undefined => false,
        string text => text.Length > 0,
        long integer => integer != 0,
        double number => number != 0,
        ISequence sequence => sequence.Count > 0,
        Dict dict => dict.Count > 0,
        _ => true,
    };

    public static bool TryNumber(object value, out Number number)
    {
        switch (value)
        {
            case long integer:
                number = Number.Of(integer);
                return true;
            case double real:
                number = Number.Of(real);
                return true;
            case bool flag:
                number = Number.Of(flag ? 1L : 0L);
                return true;
            default:
                number = default;
                return false;
        }
    }

    public static bool AreEqual(object left, object right, RenderBudget budget) => AreEqual(left, right, budget, 0);

    /// <summary>Whether one comes before, with or after the other: negative, 0 or positive; null if neither (NaN).</summary>
    /// <exception cref="TemplateFault">They have no order.</exception>
    public static int? Compare(object left, object right, string symbol, RenderBudget budget) => Compare(left, right, symbol, budget, 0);

    public static bool Contains(object container, object item, RenderBudget budget)
    {
        switch (container)
        {
            case string text:
                budget.CountText(text.Length);
                return item is string part
                    ? text.Contains(part, StringComparison.Ordinal)
                    : throw new TemplateFault($"'in' of a str needs a str before it, not a {TypeName(item)}");
            case Dict dict:
                return dict.Has(item);
            case ISequence sequence:
                foreach (var one in sequence)
                {
                    budget.CountIterations(1);
                    if (AreEqual(one, item, budget)) return true;
                }

                return false;
            case Undefined:
                return false;
            default:
                throw new TemplateFault($"'in' needs a container after it, not a {TypeName(container)}");
        }
    }

    /// <summary>The items that a loop over the value gives.</summary>
    /// <exception cref="TemplateFault">It has none.</exception>
    public static IReadOnlyList<object> Items(object value) => value switch
    {
        ISequence sequence => sequence,
        Dict dict => [.. dict.Keys],
        string text => PythonText.CodePoints(text),
        Undefined => [],
        _ => throw new TemplateFault($"a {TypeName(value)} has no items to go through"),
    };

    /// <summary>The same, as a copy that counts as iterations.</summary>
    public static IReadOnlyList<object> CountedItems(object value, RenderBudget budget)
    {
        var items = Items(value);
        budget.CountIterations(items.Count);
        return items is ListValue ? [.. items] : items;
    }

    private static bool AreEqual(object left, object right, RenderBudget budget, int depth)
    {
        if (depth > MaxDepth) throw new TemplateFault($"values nested more than {MaxDepth} levels deep are compared");
        if (TryNumber(left, out var a) && TryNumber(right, out var b)) return Number.Compare(a, b) == 0;
        return (left, right) switch
        {
            (string x, string y) => string.Equals(x, y, StringComparison.Ordinal),
            (BigInteger x, BigInteger y) => x == y,
            (Undefined, Undefined) => true,
            (ListValue x, ListValue y) => AreItemsEqual(x, y, budget, depth),
            (TupleValue x, TupleValue y) => AreItemsEqual(x, y, budget, depth),
            (RangeValue x, RangeValue y) => AreItemsEqual(x, y, budget, depth),
            (Dict x, Dict y) => AreDictsEqual(x, y, budget, depth),
            _ => ReferenceEquals(left, right),
        };
    }

    private static bool AreItemsEqual(ISequence left, ISequence right, RenderBudget budget, int depth)
    {
        if (left.Count != right.Count) return false;
        for (var i = 0; i < left.Count; i++)
        {
            budget.CountIterations(1);
            if (!AreEqual(left[i], right[i], budget, depth + 1)) return false;
        }

        return true;
    }

    private static bool AreDictsEqual(Dict left, Dict right, RenderBudget budget, int depth)
    {
        if (left.Count != right.Count) return false;
        foreach (var (key, value) in left)
        {
            budget.CountIterations(1);
            if (right.Find(key) is not { } other || !AreEqual(value, other, budget, depth + 1)) return false;
        }

        return true;
    }

    private static int? Compare(object left, object right, string symbol, RenderBudget budget, int depth)
    {
        if (depth > MaxDepth) throw new TemplateFault($"values nested more than {MaxDepth} levels deep are compared");
        if (TryNumber(left, out var a) && TryNumber(right, out var b)) return Number.Compare(a, b);
        return (left, right) switch
        {
            (string x, string y) => string.CompareOrdinal(x, y),
            (ListValue x, ListValue y) => CompareItems(x, y, symbol, budget, depth),
            (TupleValue x, TupleValue y) => CompareItems(x, y, symbol, budget, depth),
            (Undefined undefined, _) => throw undefined.Fault(),
            (_, Undefined undefined) => throw undefined.Fault(),
            _ => throw new TemplateFault($"'{symbol}' is not supported between {TypeName(left)} and {TypeName(right)}"),
        };
    }

    private static int? CompareItems(ISequence left, ISequence right, string symbol, RenderBudget budget, int depth)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            budget.CountIterations(1);
            if (!AreEqual(left[i], right[i], budget, depth + 1)) return Compare(left[i], right[i], symbol, budget, depth + 1);
        }

        return left.Count.CompareTo(right.Count);
    }
}
