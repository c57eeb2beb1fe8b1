using System.Globalization;
using System.Numerics;
using System.Text;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Values as Python's str() and repr() write them.</summary>
internal static class Representation
{
    private const int MaxDepth = 100;

    /// <summary>As printed: a string as it is, anything else as repr, undefined as nothing.</summary>
    public static string Str(object value, RenderBudget budget) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Repr(value, budget),
    };

    public static string Repr(object value, RenderBudget budget)
    {
        var text = new StringBuilder();
        Write(text, value, 0);
        budget.CountText(text.Length);
        return text.ToString();
    }

    private static void Write(StringBuilder text, object value, int depth)
    {
        if (depth > MaxDepth) throw new TemplateFault($"a value is nested more than {MaxDepth} levels deep");
        RenderBudget.CheckLength(text.Length);
        switch (value)
        {
            case ListValue list:
                WriteItems(text, "[", list, "]", depth);
                break;
            case TupleValue tuple:
                WriteItems(text, "(", tuple, tuple.Count == 1 ? ",)" : ")", depth);
                break;
            case Dict dict:
                WriteDict(text, dict, depth);
                break;
            default:
                text.Append(Scalar(value));
                break;
        }
    }

    private static string Scalar(object value) => value switch
    {
        string text => Quoted(text),
        None => "None",
        bool flag => flag ? "True" : "False",
        long integer => integer.ToString(CultureInfo.InvariantCulture),
        BigInteger integer => integer.ToString(CultureInfo.InvariantCulture),
        double number => PythonText.Float(number),
        Undefined => "Undefined",
        RangeValue { Step: 1 } range => $"range({range.Start}, {range.Stop})",
        RangeValue range => $"range({range.Start}, {range.Stop}, {range.Step})",
        Callable callable => $"<function {callable.Name}>",
        _ => $"<{Operators.TypeName(value)}>",
    };

    private static void WriteItems(StringBuilder text, string open, ISequence items, string close, int depth)
    {
        text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) text.Append(", ");
            Write(text, items[i], depth + 1);
        }

        text.Append(close);
    }

    private static void WriteDict(StringBuilder text, Dict dict, int depth)
    {
        text.Append('{');
        var separator = "";
        foreach (var (key, value) in dict)
        {
            text.Append(separator);
            Write(text, key, depth + 1);
            text.Append(": ");
            Write(text, value, depth + 1);
            separator = ", ";
        }

        text.Append('}');
    }

    private static string Quoted(string value)
    {
        var quote = value.Contains('\'') && !value.Contains('"') ? '"' : '\'';
        var text = new StringBuilder(value.Length + 2).Append(quote);
        foreach (var point in PythonText.CodePoints(value))
        {
            if (point.Length == 1 && (point[0] == quote || point[0] == '\\')) text.Append('\\').Append(point);
            else if (IsPrintable(point)) text.Append(point);
            else text.Append(Escaped(point));
        }

        return text.Append(quote).ToString();
    }

    private static bool IsPrintable(string point) => point == " " || CharUnicodeInfo.GetUnicodeCategory(point, 0) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    private static string Escaped(string point)
    {
        var code = point.Length == 2 ? char.ConvertToUtf32(point, 0) : point[0];
        return code switch
        {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            < 0x100 => $"\\x{code:x2}",
            < 0x10000 => $"\\u{code:x4}",
            _ => $"\\U{code:x8}",
        };
    }
}
