using System.Globalization;
using System.Numerics;
using System.Text;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>How json.dumps lays out its text.</summary>
/// <param name="Indent">What each level of nesting is indented with; null for one line.</param>
/// <param name="ItemSeparator">Between items.</param>
/// <param name="KeySeparator">Between key and value.</param>
/// <param name="EscapeNonAscii">Python's ensure_ascii; transformers turns it off.</param>
/// <param name="SortKeys">By their text.</param>
internal sealed record JsonLayout(string? Indent, string ItemSeparator, string KeySeparator, bool EscapeNonAscii, bool SortKeys);

/// <summary>Writes a value as Python's json.dumps does.</summary>
internal sealed class JsonText(JsonLayout layout)
{
    private const int MaxDepth = 100;
    private readonly StringBuilder _text = new();

    /// <exception cref="TemplateFault">The value is none of JSON's, or nested too deeply.</exception>
    public static string Write(object value, JsonLayout layout, RenderBudget budget)
    {
        var json = new JsonText(layout);
        json.Write(value, 0);
        budget.CountText(json._text.Length);
        return json._text.ToString();
    }

    private void Write(object value, int depth)
    {
        if (depth > MaxDepth) throw new TemplateFault($"a value for tojson is nested more than {MaxDepth} levels deep");
        RenderBudget.CheckLength(_text.Length);
        switch (value)
        {
            case string text:
                WriteString(text);
                break;
            case ListValue or TupleValue:
                WriteItems('[', ((ISequence)value).Count, ']', depth, ((ISequence)value).Select<object, Action>(item => () => Write(item, depth + 1)));
                break;
            case Dict dict:
                WriteDict(dict, depth);
                break;
            default:
                _text.Append(Scalar(value) ?? throw new TemplateFault($"a {Operators.TypeName(value)} cannot be written as JSON"));
                break;
        }
    }

    private static string? Scalar(object value) => value switch
    {
        None => "null",
        bool flag => flag ? "true" : "false",
        long integer => integer.ToString(CultureInfo.InvariantCulture),
        BigInteger integer => integer.ToString(CultureInfo.InvariantCulture),
        double number when double.IsNaN(number) => "NaN",
        double number when double.IsInfinity(number) => number > 0 ? "Infinity" : "-Infinity",
        double number => PythonText.Float(number),
        _ => null,
    };

    private void WriteDict(Dict dict, int depth)
    {
        var pairs = dict.Select(pair => (Key: pair.Key as string ?? Scalar(pair.Key)!, pair.Value));
        if (layout.SortKeys) pairs = pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal);
        WriteItems('{', dict.Count, '}', depth, pairs.Select<(string Key, object Value), Action>(pair => () =>
        {
            WriteString(pair.Key);
            _text.Append(layout.KeySeparator);
            Write(pair.Value, depth + 1);
        }));
    }

    private void WriteItems(char open, int count, char close, int depth, IEnumerable<Action> items)
    {
        _text.Append(open);
        var isFirst = true;
        foreach (var write in items)
        {
            if (!isFirst) _text.Append(layout.ItemSeparator);
            NewLine(depth + 1);
            write();
            isFirst = false;
        }

        if (count > 0) NewLine(depth);
        _text.Append(close);
    }

    private void NewLine(int depth)
    {
        if (layout.Indent is not { } indent) return;
        _text.Append('\n');
        for (var i = 0; i < depth; i++) _text.Append(indent);
    }

    private void WriteString(string text)
    {
        _text.Append('"');
        foreach (var c in text)
        {
            var escape = c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                _ => null,
            };
            if (escape is not null) _text.Append(escape);
            else if (c < ' ' || (layout.EscapeNonAscii && c > '~')) _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else _text.Append(c);
        }

        _text.Append('"');
    }
}
