using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Tests.Groups.Testing;

/// <summary>Specs for tests, as short as may be.</summary>
internal static class Specs
{
    /// <summary>A group of the text of its roles, each line of which is indented as a list's item.</summary>
    public static RoleBasedGroup Group(string roles, string annotations = "") => SpecReader.ReadGroup(Text(roles, annotations));

    public static string Text(string roles, string annotations = "") =>
        $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata:
          name: g
          annotations: { {{annotations}} }
        spec:
          roles:

        """ + Indented(roles, 4);

    /// <summary>One of our own roles in one line.</summary>
    public static string Role(string name, int replicas, string version = "v1", string more = "") =>
        $"- {{ name: {name}, role: {(name is "router" or "decode" ? name : "prefill")}, replicas: {replicas}, version: {version}{(more.Length == 0 ? "" : $", {more}")} }}\n";

    public static CoordinatedPolicy Policy(string rules) => (CoordinatedPolicy)SpecReader.Read(
        """
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: CoordinatedPolicy
        metadata: { name: g }
        spec:
          policies:

        """ + Indented(rules, 4)).Documents[0];

    public static SpecException Refused(string text) => Assert.Throws<SpecException>(() => SpecReader.Read(text));

    private static string Indented(string text, int columns) =>
        string.Concat(text.TrimEnd('\n').Split('\n').Select(line => new string(' ', columns) + line + "\n"));
}
