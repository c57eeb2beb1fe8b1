using System.Text.RegularExpressions;

namespace Akka.TestKit.Internal;

/// <summary>A condition on a text: all of what is given must hold; of nothing given, everything fits.</summary>
internal sealed class TextMatcher(string equal = null, string start = null, string contains = null, Regex pattern = null)
{
    public bool IsMatch(string text) => (equal is null || text == equal)
        && (start is null || text.StartsWith(start, StringComparison.Ordinal))
        && (contains is null || text.Contains(contains, StringComparison.Ordinal))
        && (pattern is null || pattern.IsMatch(text));

    public string Describe(string what)
    {
        List<string> conditions = [];
        if (equal is not null) conditions.Add($"is \"{equal}\"");
        if (start is not null) conditions.Add($"starts with \"{start}\"");
        if (contains is not null) conditions.Add($"contains \"{contains}\"");
        if (pattern is not null) conditions.Add($"matches \"{pattern}\"");
        return conditions.Count == 0 ? "" : $" whose {what} {string.Join(" and ", conditions)}";
    }
}
