using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Puts the containers of engine runtime profiles into a role's template.</summary>
internal sealed class EngineRuntimeReader(IReadOnlyDictionary<string, EngineRuntimeProfile> profiles)
{
    /// <summary>What a role's <c>engineRuntimes</c> do to its template.</summary>
    public Func<PodTemplate, PodTemplate> Read(FieldReader role)
    {
        var steps = new List<Func<PodTemplate, PodTemplate>>();
        foreach (var fields in role.Maps("engineRuntimes"))
        {
            var name = fields.RequiredText("profileName");
            var chosen = fields.Texts("injectContainers");
            List<ContainerSpec> overrides = [.. fields.Maps("containers").Select(container => ContainerReader.Read(container, needsImage: false))];
            fields.Finish();
            if (profiles.TryGetValue(name, out var profile)) steps.Add(template => Inject(template, profile, chosen, overrides));
            else if (name.Length > 0) fields.Context.Error(fields.Find("profileName")!, $"no profile named \"{name}\"");
        }

        return template => steps.Aggregate(template, (current, step) => step(current));
    }

    private static PodTemplate Inject(PodTemplate template, EngineRuntimeProfile profile, ImmutableArray<string> chosen, List<ContainerSpec> overrides)
    {
        var injected = profile.Containers.Where(container => chosen.IsEmpty || chosen.Contains(container.Name)).Select(container => Override(container, overrides));
        return template with
        {
            InitContainers = Merge(template.InitContainers, profile.InitContainers, container => container.Name),
            Containers = Merge(template.Containers, injected, container => container.Name),
            Volumes = Merge(template.Volumes, profile.Volumes, volume => volume.Name),
        };
    }

    /// <summary>Of an override only environment and arguments are taken, after the profile's own.</summary>
    private static ContainerSpec Override(ContainerSpec container, List<ContainerSpec> overrides) =>
        overrides.Find(other => other.Name == container.Name) is { } change
            ? container with { Env = container.Env.AddRange(change.Env), Args = container.Args.AddRange(change.Args) }
            : container;

    private static ImmutableArray<T> Merge<T>(ImmutableArray<T> own, IEnumerable<T> added, Func<T, string> name) =>
        [.. own, .. added.Where(item => own.All(existing => name(existing) != name(item)))];
}
