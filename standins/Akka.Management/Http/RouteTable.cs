using System.Text.RegularExpressions;

namespace Akka.Http.Dsl;

/// <summary>Which module answers which path.</summary>
internal sealed class RouteTable
{
    /// <summary>A pattern that takes longer on one path is a broken pattern.</summary>
    private static readonly TimeSpan MatchLimit = TimeSpan.FromMilliseconds(100);

    private readonly (Regex Pattern, HttpModuleBase Module)[] _routes;

    /// <param name="routes">Patterns and modules; the first that fits comes first.</param>
    /// <param name="basePath">Stands before each pattern.</param>
    public RouteTable(IEnumerable<(string Pattern, HttpModuleBase Module)> routes, string basePath)
    {
        var prefix = basePath.Trim('/') is { Length: > 0 } given ? "/" + given : "";
        _routes = [.. routes.Select(route => (ToRegex(route.Pattern, prefix), route.Module))];
    }

    public IEnumerable<HttpModuleBase> Match(string path) => _routes.Where(route => route.Pattern.IsMatch(path)).Select(route => route.Module);

    private static Regex ToRegex(string pattern, string prefix)
    {
        var expression = pattern.StartsWith('[') && pattern.EndsWith(']')
            ? pattern[1..^1]
            : Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal);
        return new Regex($@"\A{Regex.Escape(prefix)}(?:{expression})\z", RegexOptions.CultureInvariant, MatchLimit);
    }
}
