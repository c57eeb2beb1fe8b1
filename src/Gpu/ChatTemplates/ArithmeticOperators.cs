namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Python's arithmetic, on integers of 64 bits, floats, and for + and * on strings and lists.</summary>
internal static class ArithmeticOperators
{
    private const int MaxItems = 1_000_000;

    /// <exception cref="TemplateFault">The operands don't fit the operator, a division by zero, or an integer beyond 64 bits.</exception>
    public static object Apply(string symbol, object left, object right, RenderBudget budget)
    {
        if (left is Undefined missing) throw missing.Fault();
        if (right is Undefined alsoMissing) throw alsoMissing.Fault();
        if (Operators.TryNumber(left, out var a) && Operators.TryNumber(right, out var b))
            return a.IsInteger && b.IsInteger ? OnIntegers(symbol, a.Integer, b.Integer) : OnFloats(symbol, a.AsDouble, b.AsDouble);
        return symbol switch
        {
            "+" => Join(left, right, budget),
            "*" when right is long or bool => Repeat(left, right is true ? 1 : right as long? ?? 0, budget),
            "*" when left is long or bool => Repeat(right, left is true ? 1 : left as long? ?? 0, budget),
            _ => throw Unsupported(symbol, left, right),
        };
    }

    public static object Sign(string symbol, object operand)
    {
        if (operand is Undefined missing) throw missing.Fault();
        if (!Operators.TryNumber(operand, out var number)) throw new TemplateFault($"unary '{symbol}' needs a number, not a {Operators.TypeName(operand)}");
        if (symbol == "+") return number.IsInteger ? (object)number.Integer : number.Float;
        return number.IsInteger ? Checked(() => checked(-number.Integer)) : -number.Float;
    }

    private static object OnIntegers(string symbol, long left, long right)
    {
        if (right == 0 && symbol is "/" or "//" or "%") throw DivisionByZero();
        return symbol switch
        {
            "+" => Checked(() => checked(left + right)),
            "-" => Checked(() => checked(left - right)),
            "*" => Checked(() => checked(left * right)),
            "/" => (double)left / right,
            "//" => right == -1 ? Checked(() => checked(-left)) : FloorDivide(left, right),
            "%" => right == -1 ? 0L : left - (FloorDivide(left, right) * right),
            "**" when right >= 0 => Power(left, right),
            _ => left == 0 ? throw DivisionByZero() : Math.Pow(left, right),
        };
    }

    private static object OnFloats(string symbol, double left, double right)
    {
        if (right == 0 && symbol is "/" or "//" or "%") throw DivisionByZero();
        return symbol switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => Modulo(left, right),
            _ when left == 0 && right < 0 => throw DivisionByZero(),
            _ when left < 0 && right != Math.Floor(right) => throw new TemplateFault("a negative number has no fractional power"),
            _ => Math.Pow(left, right),
        };
    }

    private static long FloorDivide(long left, long right)
    {
        var quotient = left / right;
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    /// <summary>The remainder has the divisor's sign.</summary>
    private static double Modulo(double left, double right)
    {
        var remainder = left % right;
        return remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder;
    }

    private static object Power(long @base, long exponent)
    {
        if (@base is 0 or 1) return exponent == 0 ? 1L : @base;
        if (@base == -1) return exponent % 2 == 0 ? 1L : -1L;
        if (exponent > 64) throw TooLarge();
        return Checked(() =>
        {
            var power = 1L;
            for (var i = 0; i < exponent; i++) power = checked(power * @base);
            return power;
        });
    }

    private static object Join(object left, object right, RenderBudget budget)
    {
        switch (left, right)
        {
            case (string a, string b):
                budget.CountText((long)a.Length + b.Length);
                return a + b;
            case (ListValue a, ListValue b):
                budget.CountIterations(a.Count + b.Count);
                return new ListValue([.. a, .. b]);
            case (TupleValue a, TupleValue b):
                budget.CountIterations(a.Count + b.Count);
                return new TupleValue([.. a, .. b]);
            default:
                throw Unsupported("+", left, right);
        }
    }

    private static object Repeat(object value, long times, RenderBudget budget)
    {
        times = Math.Clamp(times, 0, int.MaxValue);
        switch (value)
        {
            case string text:
                budget.CountText(text.Length * times);
                return text.Length == 0 ? "" : string.Create(text.Length * (int)times, text, (all, one) =>
                {
                    for (var at = 0; at < all.Length; at += one.Length) one.CopyTo(all[at..]);
                });
            case ListValue or TupleValue:
                var items = (ISequence)value;
                var count = items.Count * times;
                if (count > MaxItems) throw new TemplateFault($"a list of {count} items; at most {MaxItems} are allowed");
                budget.CountIterations((int)count);
                var repeated = Enumerable.Repeat(items, items.Count == 0 ? 0 : (int)times).SelectMany(one => one);
                return value is ListValue ? new ListValue(repeated) : new TupleValue([.. repeated]);
            default:
                throw Unsupported("*", value, times);
        }
    }

    private static object Checked(Func<long> compute)
    {
        try
        {
            return compute();
        }
        catch (OverflowException)
        {
            throw TooLarge();
        }
    }

    private static TemplateFault TooLarge() => new("an integer needs more than 64 bits");

    private static TemplateFault DivisionByZero() => new("division by zero");

    private static TemplateFault Unsupported(string symbol, object left, object right) =>
        new($"'{symbol}' is not supported between {Operators.TypeName(left)} and {Operators.TypeName(right)}");
}
