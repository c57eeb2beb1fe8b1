using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads a RoleBasedGroup of v1alpha2.</summary>
internal static class GroupReader
{
    public static RoleBasedGroup Read(FieldReader document, IReadOnlyDictionary<string, EngineRuntimeProfile> profiles)
    {
        var metadata = Metadata(document);
        var spec = Spec(document);
        document.Ignore("status");
        document.Finish();
        return Build(metadata, document, spec, profiles);
    }

    /// <summary>A group from its parts; <paramref name="place"/> is where its metadata stands.</summary>
    public static RoleBasedGroup Build(ObjectMetadata metadata, FieldReader place, FieldReader spec, IReadOnlyDictionary<string, EngineRuntimeProfile> profiles)
    {
        var templates = Templates(spec);
        var readers = spec.Maps("roles").ToList();
        if (readers.Count == 0 && spec.Find("roles") is null or SpecList { Items.Count: 0 }) spec.Context.Error(spec.Node, "needs at least one role");
        ImmutableArray<RoleSpec> roles = [.. readers.Select(reader => new RoleReader(reader, templates, profiles).Read())];
        spec.Finish();
        CheckRoles(readers, roles);
        PortAllocationCheck.Check(metadata.Name, readers, roles);
        foreach (var (reader, role) in readers.Zip(roles)) ComponentCheck.Check(reader, role);
        return new RoleBasedGroup
        {
            Metadata = metadata,
            Roles = roles,
            Mode = Mode(metadata, place),
            Gang = Gang(metadata, place, roles),
            ExclusiveTopology = metadata.Annotations.GetValueOrDefault(SpecNames.ExclusiveTopology),
        };
    }

    public static ObjectMetadata Metadata(FieldReader document)
    {
        document.Find("apiVersion");
        document.Find("kind");
        if (document.Map("metadata") is not { } fields)
        {
            if (document.Find("metadata") is null) document.Context.Error(document.Node, "needs metadata with a name");
            return ObjectMetadata.Named("");
        }

        var metadata = new ObjectMetadata(fields.Label("name"), fields.Text("namespace") ?? ObjectMetadata.DefaultNamespace, fields.TextMap("labels"), fields.TextMap("annotations"));
        fields.Ignore("creationTimestamp", "generation", "resourceVersion", "uid", "managedFields", "finalizers", "ownerReferences", "generateName");
        fields.Finish();
        return metadata;
    }

    /// <summary>The document's spec; an empty one, with an error, if there is none.</summary>
    public static FieldReader Spec(FieldReader document)
    {
        if (document.Map("spec") is { } spec) return spec;
        if (document.Find("spec") is null) document.Context.Error(document.Node, "needs a spec");
        return new FieldReader(new SpecContext(), SpecMap.At(document.Node));
    }

    private static Dictionary<string, SpecMap> Templates(FieldReader spec)
    {
        var templates = new Dictionary<string, SpecMap>(StringComparer.Ordinal);
        foreach (var fields in spec.Maps("roleTemplates"))
        {
            var name = fields.Label("name");
            if (fields.Map("template") is not { } template)
            {
                if (fields.Find("template") is null) fields.Context.Error(fields.Node, "needs a template");
            }
            else if (name.Length > 0 && !templates.TryAdd(name, template.Node))
            {
                fields.Context.Error(fields.Find("name")!, $"two templates are named \"{name}\"");
            }

            fields.Finish();
        }

        return templates;
    }

    private static void CheckRoles(List<FieldReader> readers, ImmutableArray<RoleSpec> roles)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (reader, role) in readers.Zip(roles))
        {
            if (role.Name.Length > 0 && !names.Add(role.Name)) reader.Context.Error(reader.Find("name")!, $"two roles are named \"{role.Name}\"");
        }

        var sound = true;
        foreach (var reader in readers)
        {
            foreach (var dependency in reader.Items("dependencies").OfType<SpecScalar>())
            {
                if (names.Contains(dependency.Text)) continue;
                reader.Context.Error(dependency, $"no role named \"{dependency.Text}\"");
                sound = false;
            }
        }

        if (sound && names.Count == roles.Length) CheckCycles(readers, roles);
    }

    private static void CheckCycles(List<FieldReader> readers, ImmutableArray<RoleSpec> roles)
    {
        if (RoleOrder.FindCycle(roles) is not { } cycle) return;
        var first = readers[roles.ToList().FindIndex(role => role.Name == cycle[0])];
        first.Context.Error(first.Find("dependencies")!, $"roles wait for each other: {string.Join(" -> ", cycle)}");
    }

    private static PlannerMode Mode(ObjectMetadata metadata, FieldReader place)
    {
        switch (metadata.Annotations.GetValueOrDefault(SpecNames.PlannerMode))
        {
            case null or "native": return PlannerMode.Native;
            case "rbg-strict": return PlannerMode.RbgStrict;
            case var other:
                Annotation(place, SpecNames.PlannerMode, $"is '{other}'; expected native or rbg-strict");
                return PlannerMode.Native;
        }
    }

    private static GangScheduling? Gang(ObjectMetadata metadata, FieldReader place, ImmutableArray<RoleSpec> roles)
    {
        var minimum = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        foreach (var part in (metadata.Annotations.GetValueOrDefault(SpecNames.GangMinReplicas) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (role, count) = part.Split('=') is [var left, var right] && int.TryParse(right, out var number) ? (left, number) : ("", -1);
            if (count < 0 || roles.All(known => known.Name != role)) Annotation(place, SpecNames.GangMinReplicas, $"is '{part}'; expected role=replicas of the group's roles");
            else minimum[role] = count;
        }

        var timeout = GangScheduling.DefaultTimeout;
        if (metadata.Annotations.TryGetValue(SpecNames.GangTimeout, out var text))
        {
            if (int.TryParse(text, out var seconds) && seconds > 0) timeout = TimeSpan.FromSeconds(seconds);
            else Annotation(place, SpecNames.GangTimeout, $"is '{text}'; expected seconds of at least 1");
        }

        return metadata.Annotations.GetValueOrDefault(SpecNames.GangScheduling) == "true" || minimum.Count > 0 ? new GangScheduling(timeout, minimum.ToImmutable()) : null;
    }

    private static void Annotation(FieldReader place, string name, string message)
    {
        var node = ((place.Node.Find("metadata") ?? place.Node) as SpecMap)?.Find("annotations") as SpecMap;
        place.Context.Error(node?.Find(name) ?? place.Node, message);
    }
}
