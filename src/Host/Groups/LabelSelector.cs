using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Host.Groups;

/// <summary>Conditions on labels, written as for kubectl: <c>a=b,c!=d,e in (f,g),h notin (i),j,!k</c>. All have to hold.</summary>
public sealed partial record LabelSelector(ImmutableArray<Requirement> Requirements)
{
    public const string Expected = "conditions such as app=demo,tier!=test,zone in (a,b),!old";

    public bool Finds(IReadOnlyDictionary<string, string> labels) => Requirements.All(requirement => requirement.Holds(labels));

    /// <returns>Null if it is none.</returns>
    public static LabelSelector? Parse(string text)
    {
        var requirements = ImmutableArray.CreateBuilder<Requirement>();
        // Only commas outside of brackets are between two.
        foreach (var part in Comma().Split(text))
        {
            if (Form().Match(part.Trim()) is not { Success: true } match) return null;
            var key = match.Groups["key"].Value;
            requirements.Add(match.Groups switch
            {
                var groups when groups["not"].Success => new Requirement(key, RequirementOperator.DoesNotExist, []),
                var groups when groups["equal"].Success => new Requirement(key, groups["equal"].Value == "!=" ? RequirementOperator.NotIn : RequirementOperator.In, [groups["value"].Value]),
                var groups when groups["set"].Success => new Requirement(
                    key, groups["set"].Value == "in" ? RequirementOperator.In : RequirementOperator.NotIn, [.. groups["values"].Value.Split(',').Select(value => value.Trim())]),
                _ => new Requirement(key, RequirementOperator.Exists, []),
            });
        }

        return new LabelSelector(requirements.ToImmutable());
    }

    [GeneratedRegex(@",(?![^()]*\))", RegexOptions.CultureInvariant)]
    private static partial Regex Comma();

    [GeneratedRegex(@"^(?:(?<not>!)\s*)?(?<key>[A-Za-z0-9][\w./-]*)(?(not)|(?:\s*(?<equal>==?|!=)\s*(?<value>[\w.-]*)|\s+(?<set>in|notin)\s*\((?<values>[\w.,\s-]*)\))?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
