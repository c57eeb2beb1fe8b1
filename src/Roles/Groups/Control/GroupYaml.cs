using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>Groups and policies as they are journaled and told: as YAML.</summary>
public static class GroupYaml
{
    /// <exception cref="SpecException">It is none.</exception>
    public static RoleBasedGroup ReadGroup(string yaml) => SpecReader.ReadGroup(yaml);

    /// <returns>Null if the text is empty.</returns>
    /// <exception cref="SpecException">It is none.</exception>
    public static CoordinatedPolicy? ReadPolicy(string yaml) => yaml.Length == 0 ? null : SpecReader.Read(yaml).Documents.OfType<CoordinatedPolicy>().Single();
}
