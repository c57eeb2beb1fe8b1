using YamlDotNet.RepresentationModel;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>
/// Writes documents as YAML of v1alpha2, resolved: what <see cref="SpecReader"/> reads again as the same document. Stable: it is what is
/// journaled, shown, compared and hashed.
/// </summary>
public static class SpecWriter
{
    public static string Write(SpecDocument document) => Text(DocumentWriter.Document(document));

    /// <summary>What an instance of a role is made of: its components, without how it is rolled out or scaled.</summary>
    internal static string WriteInstance(RoleSpec role) => Text(InstanceTree(role));

    internal static YamlMappingNode InstanceTree(RoleSpec role) => new YamlFields()
        .Text("restartedAt", role.Annotations.GetValueOrDefault(SpecNames.RestartedAt))
        .Add("restartPolicy", RoleWriter.Restart(role))
        .Add("pattern", RoleWriter.Pattern(role))
        .Build();

    private static string Text(YamlNode root)
    {
        using var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(root)).Save(text, assignAnchors: false);
        return text.ToString().Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n', '.') + "\n";
    }
}
