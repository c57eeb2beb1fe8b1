using System.Text.RegularExpressions;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Collects what is wrong while a spec is read, so that all of it is told at once.</summary>
internal sealed partial class SpecContext
{
    public List<SpecError> Errors { get; } = [];

    /// <summary>What Kubernetes knows and has no meaning here.</summary>
    public List<SpecError> Warnings { get; } = [];

    public void Error(SpecNode place, string message) => Errors.Add(new SpecError(place.Path, message, place.Line));

    public void Warn(SpecNode place, string message) => Warnings.Add(new SpecError(place.Path, message, place.Line));

    /// <summary>Each once (a template that several roles use is read for each of them), in the order of the text.</summary>
    public static IEnumerable<SpecError> InOrder(IEnumerable<SpecError> errors) => errors.Distinct().OrderBy(error => error.Line).ThenBy(error => error.Path, StringComparer.Ordinal);

    /// <summary>Says so if a name is no DNS label: lower-case letters, digits and dashes, at most 63.</summary>
    public void CheckLabel(SpecNode place, string name)
    {
        if (!DnsLabel().IsMatch(name)) Error(place, $"is '{name}'; expected at most 63 lower-case letters, digits and dashes, a letter or digit at either end");
    }

    /// <summary>The known name nearest to one, as <c>; did you mean "x"?</c>, or nothing.</summary>
    public static string Suggestion(string name, IEnumerable<string> known)
    {
        var nearest = known.Select(other => (Name: other, Distance: Distance(name, other))).OrderBy(other => other.Distance).ThenBy(other => other.Name, StringComparer.Ordinal).FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= Math.Max(1, Math.Min(3, (nearest.Name.Length + 1) / 3)) ? $"; did you mean \"{nearest.Name}\"?" : "";
    }

    /// <summary>Least number of changed, added and removed letters; letters' case does not count.</summary>
    private static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > 3) return int.MaxValue;
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1;
                var next = Math.Min(diagonal + cost, Math.Min(row[j], row[j - 1]) + 1);
                (diagonal, row[j]) = (row[j], next);
            }
        }

        return row[right.Length];
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex DnsLabel();
}
