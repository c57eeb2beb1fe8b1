using System.Text;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The filters that make text of text. Each takes any value, as str() prints it.</summary>
internal static class TextFilters
{
    public static IReadOnlyDictionary<string, Filter> All { get; } = new Dictionary<string, Filter>(StringComparer.Ordinal)
    {
        ["trim"] = Of(["chars"], (text, arguments) => PythonText.Strip(text, arguments.OptionalText(0, "chars"))),
        ["upper"] = Of([], (text, _) => text.ToUpperInvariant()),
        ["lower"] = Of([], (text, _) => text.ToLowerInvariant()),
        ["capitalize"] = Of([], (text, _) => StringMethods.Capitalize(text)),
        ["title"] = Of([], (text, _) => Title(text)),
        ["escape"] = Of([], (text, _) => Escape(text)),
        ["e"] = Of([], (text, _) => Escape(text)),
        ["replace"] = new(["old", "new", "count"], Replace),
        ["indent"] = new(["width", "first", "blank"], Indent),
    };

    private static Filter Of(string[] parameters, Func<string, Arguments, string> body) => new(parameters, (context, value, arguments) =>
    {
        var text = Representation.Str(value, context.Budget);
        context.Budget.CountText(text.Length);
        return body(text, arguments);
    });

    private static object Replace(RenderContext context, object value, Arguments arguments) => StringMethods.Replace(
        Representation.Str(value, context.Budget),
        Representation.Str(arguments.Required(0, "old"), context.Budget),
        Representation.Str(arguments.Required(1, "new"), context.Budget),
        arguments.OptionalCount(2, "count"),
        context.Budget);

    /// <summary>A word begins after blanks, hyphens and opening brackets, unlike in str.title().</summary>
    private static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var begins = true;
        foreach (var c in text)
        {
            result.Append(begins ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            begins = PythonText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';
        }

        return result.ToString();
    }

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);

    private static object Indent(RenderContext context, object value, Arguments arguments)
    {
        var text = value as string ?? throw new TemplateFault($"indent needs a str, not a {Operators.TypeName(value)}");
        var width = arguments.Find(0, "width") as string
            ?? new string(' ', (int)Math.Clamp(arguments.OptionalInteger(0, "width") ?? 4, 0, 1000));
        var indentBlank = arguments.Flag(2, "blank");
        var lines = PythonText.SplitLines(text + "\n");
        context.Budget.CountText(text.Length + ((long)lines.Count * (width.Length + 1)));
        var result = new StringBuilder(arguments.Flag(1, "first") ? width : "").Append(lines[0]);
        foreach (var line in lines.Skip(1)) result.Append('\n').Append(line.Length > 0 || indentBlank ? width : "").Append(line);
        return result.ToString();
    }
}
