using System.Globalization;
using System.Text;

namespace ActorInference.Host.Groups;

/// <summary>Coordinated policies in words.</summary>
public static class PolicyTables
{
    public static string List(IEnumerable<PolicyBody> policies, bool isWide) => GroupTables.Write(
        isWide ? ["NAME", "GROUP", "POLICIES", "ROLES", "STRATEGIES"] : ["NAME", "GROUP", "POLICIES", "ROLES"],
        policies.Select(policy => (IReadOnlyList<string>)
        [
            policy.Name, policy.Group, policy.Policies.Count.ToString(CultureInfo.InvariantCulture), Joined(policy.Policies.SelectMany(rule => rule.Roles)),
            .. isWide ? [Joined(policy.Policies.SelectMany(rule => rule.Strategies))] : (string[])[],
        ]));

    /// <param name="yaml">What is declared.</param>
    public static string Describe(PolicyBody policy, string yaml)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Name:       {policy.Name}\nKind:       policy\nGroup:      {policy.Group}\nLabels:     {GroupDescription.Labels(policy.Labels)}\n\nPolicies:\n");
        var rows = policy.Policies.Select(rule => (IReadOnlyList<string>)[rule.Name, Joined(rule.Roles), Joined(rule.Strategies)]);
        return text.Append(GroupDescription.Indent(GroupTables.Write(["NAME", "ROLES", "STRATEGIES"], rows))).Append("\n\nDeclared:\n").Append(GroupDescription.Indent(yaml.TrimEnd('\n'))).ToString();
    }

    private static string Joined(IEnumerable<string> words) => string.Join(',', words.Distinct()) is { Length: > 0 } text ? text : "<none>";
}
