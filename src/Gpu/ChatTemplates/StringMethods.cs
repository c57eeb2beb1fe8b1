using System.Text;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>The methods of str.</summary>
internal static class StringMethods
{
    private static readonly Dictionary<string, Method<string>> All = new(StringComparer.Ordinal)
    {
        ["strip"] = Of(["chars"], (text, arguments) => PythonText.Strip(text, arguments.OptionalText(0, "chars"))),
        ["lstrip"] = Of(["chars"], (text, arguments) => PythonText.StripStart(text, arguments.OptionalText(0, "chars"))),
        ["rstrip"] = Of(["chars"], (text, arguments) => PythonText.StripEnd(text, arguments.OptionalText(0, "chars"))),
        ["split"] = Of(["sep", "maxsplit"], (text, arguments) =>
            Split(text, arguments.OptionalText(0, "sep"), arguments.OptionalCount(1, "maxsplit"))),
        ["rsplit"] = Of(["sep", "maxsplit"], (text, arguments) =>
            SplitFromEnd(text, arguments.OptionalText(0, "sep"), arguments.OptionalCount(1, "maxsplit"))),
        ["splitlines"] = Of(["keepends"], (text, arguments) => new ListValue(PythonText.SplitLines(text, arguments.Flag(0, "keepends")))),
        ["startswith"] = Of(["prefix"], (text, arguments) =>
            Affixes(arguments, "prefix").Any(prefix => text.StartsWith(prefix, StringComparison.Ordinal))),
        ["endswith"] = Of(["suffix"], (text, arguments) =>
            Affixes(arguments, "suffix").Any(suffix => text.EndsWith(suffix, StringComparison.Ordinal))),
        ["removeprefix"] = Of(["prefix"], (text, arguments) =>
            text.StartsWith(arguments.Text(0, "prefix"), StringComparison.Ordinal) ? text[arguments.Text(0, "prefix").Length..] : text),
        ["removesuffix"] = Of(["suffix"], (text, arguments) =>
            text.EndsWith(arguments.Text(0, "suffix"), StringComparison.Ordinal) ? text[..^arguments.Text(0, "suffix").Length] : text),
        ["upper"] = Of([], (text, _) => text.ToUpperInvariant()),
        ["lower"] = Of([], (text, _) => text.ToLowerInvariant()),
        ["title"] = Of([], (text, _) => Title(text)),
        ["capitalize"] = Of([], (text, _) => Capitalize(text)),
        ["find"] = Of(["sub"], (text, arguments) => Find(text, text.IndexOf(arguments.Text(0, "sub"), StringComparison.Ordinal))),
        ["rfind"] = Of(["sub"], (text, arguments) => Find(text, text.LastIndexOf(arguments.Text(0, "sub"), StringComparison.Ordinal))),
        ["count"] = Of(["sub"], (text, arguments) => (long)Count(text, arguments.Text(0, "sub"))),
        ["isdigit"] = Of([], (text, _) => text.Length > 0 && text.All(char.IsDigit)),
        ["isalpha"] = Of([], (text, _) => text.Length > 0 && text.All(char.IsLetter)),
        ["isspace"] = Of([], (text, _) => PythonText.IsBlank(text)),
        ["isupper"] = Of([], (text, _) => IsUpper(text)),
        ["islower"] = Of([], (text, _) => IsLower(text)),
        ["replace"] = new(["old", "new", "count"], (context, text, arguments) =>
            Replace(text, arguments.Text(0, "old"), arguments.Text(1, "new"), arguments.OptionalCount(2, "count"), context.Budget)),
        ["join"] = new(["iterable"], (context, text, arguments) =>
            Join(text, Operators.CountedItems(arguments.Required(0, "iterable"), context.Budget), context.Budget)),
    };

    public static Function? Find(string text, string name) => All.TryGetValue(name, out var method) ? method.Bind(name, text) : null;

    public static bool IsUpper(string text) => text.Any(char.IsUpper) && !text.Any(char.IsLower);

    public static bool IsLower(string text) => text.Any(char.IsLower) && !text.Any(char.IsUpper);

    /// <summary>Replaces the first occurrences; an empty "old" stands before every character and at the end.</summary>
    public static string Replace(string text, string old, string @new, int count, RenderBudget budget)
    {
        var result = new StringBuilder();
        var at = 0;
        for (var done = 0; done < count; done++)
        {
            var next = old.Length > 0 ? text.IndexOf(old, at, StringComparison.Ordinal) : done == 0 ? 0 : NextCharacter(text, at);
            if (next < 0) break;
            result.Append(text, at, next - at).Append(@new);
            at = next + old.Length;
            RenderBudget.CheckLength(result.Length);
        }

        result.Append(text, at, text.Length - at);
        budget.CountText(Math.Max(text.Length, result.Length));
        return result.ToString();
    }

    public static string Capitalize(string text)
    {
        if (text.Length == 0) return text;
        var first = char.IsSurrogate(text[0]) && text.Length > 1 ? 2 : 1;
        return text[..first].ToUpperInvariant() + text[first..].ToLowerInvariant();
    }

    private static Method<string> Of(string[] parameters, Func<string, Arguments, object> body) => new(parameters, (context, text, arguments) =>
    {
        context.Budget.CountText(text.Length);
        return body(text, arguments);
    });

    private static int NextCharacter(string text, int at)
    {
        if (at >= text.Length) return -1;
        return char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? at + 2 : at + 1;
    }

    private static IEnumerable<string> Affixes(Arguments arguments, string name) => arguments.Required(0, name) switch
    {
        string text => [text],
        TupleValue tuple when tuple.All(one => one is string) => tuple.Cast<string>(),
        var other => throw new TemplateFault($"'{name}' of {arguments.Callee} is a {Operators.TypeName(other)}; expected a string or a tuple of strings"),
    };

    private static ListValue Split(string text, string? separator, int limit)
    {
        if (separator is null) return SplitBlank(text, limit);
        CheckSeparator(separator);
        var parts = new ListValue();
        var at = 0;
        while (parts.Count < limit && text.IndexOf(separator, at, StringComparison.Ordinal) is >= 0 and var next)
        {
            parts.Add(text[at..next]);
            at = next + separator.Length;
        }

        parts.Add(text[at..]);
        return parts;
    }

    private static ListValue SplitBlank(string text, int limit)
    {
        var parts = new ListValue();
        var rest = PythonText.StripStart(text);
        while (rest.Length > 0)
        {
            if (parts.Count == limit)
            {
                parts.Add(rest);
                break;
            }

            var end = 0;
            while (end < rest.Length && !PythonText.IsSpace(rest[end])) end++;
            parts.Add(rest[..end]);
            rest = PythonText.StripStart(rest[end..]);
        }

        return parts;
    }

    private static ListValue SplitFromEnd(string text, string? separator, int limit)
    {
        var parts = new ListValue();
        if (separator is null)
        {
            foreach (var part in SplitBlank(Reversed(text), limit)) parts.Add(Reversed((string)part));
            parts.Reverse();
            return parts;
        }

        CheckSeparator(separator);
        var end = text.Length;
        while (parts.Count < limit && end >= separator.Length && text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal) is >= 0 and var next)
        {
            parts.Add(text[(next + separator.Length)..end]);
            end = next;
        }

        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    private static void CheckSeparator(string separator)
    {
        if (separator.Length == 0) throw new TemplateFault("the separator of split() is empty");
    }

    private static string Reversed(string text)
    {
        var characters = text.ToCharArray();
        Array.Reverse(characters);
        return new string(characters);
    }

    private static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var c in text)
        {
            result.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetter(c);
        }

        return result.ToString();
    }

    private static object Find(string text, int index) => index < 0 ? -1L : (long)PythonText.Length(text[..index]);

    private static int Count(string text, string part)
    {
        if (part.Length == 0) return PythonText.Length(text) + 1;
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal)) count++;
        return count;
    }

    private static string Join(string separator, IReadOnlyList<object> items, RenderBudget budget)
    {
        foreach (var item in items)
        {
            if (item is not string) throw new TemplateFault($"join() needs strings, not a {Operators.TypeName(item)}");
        }

        budget.CountText(items.Sum(item => (long)((string)item).Length + separator.Length));
        return string.Join(separator, items);
    }
}
