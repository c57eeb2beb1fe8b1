using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads the documents of RoleBasedGroup, v1alpha2 and v1alpha1, with our short form and extensions (docs/groups.md).</summary>
public static class SpecReader
{
    private static readonly string[] Kinds =
    [
        RoleBasedGroup.KindName, CoordinatedPolicy.KindName, RoleBasedGroupSet.KindName, ScalingAdapter.KindName, EngineRuntimeProfile.KindName, Warmup.KindName,
    ];

    /// <summary>Reads all documents of a text.</summary>
    /// <param name="profiles">Engine runtime profiles that are known besides those of the text.</param>
    /// <exception cref="SpecException">Something is wrong: all that is, each with its path and line. Nothing else is thrown for any text.</exception>
    public static SpecFile Read(string text, IReadOnlyCollection<EngineRuntimeProfile>? profiles = null) => Read([new SpecSource("", text)], profiles);

    /// <summary>Reads all documents of several files together: they may refer to each other, and none may be there twice.</summary>
    /// <param name="profiles">Engine runtime profiles that are known besides theirs.</param>
    /// <exception cref="SpecException">Something is wrong: all that is, each with its file, path and line.</exception>
    public static SpecFile Read(IReadOnlyList<SpecSource> sources, IReadOnlyCollection<EngineRuntimeProfile>? profiles = null)
    {
        var context = new SpecContext();
        var lines = new SourceLines(sources);
        var documents = sources.Zip(lines.Before, (source, before) => SpecTree.Read(source.Text, before, context.Errors)).SelectMany(roots => roots)
            .Select(root => Identify(root, context)).OfType<Identified>().ToList();
        var read = new List<SpecDocument>();
        var files = new Dictionary<SpecDocument, string>(ReferenceEqualityComparer.Instance);
        foreach (var document in documents.Where(document => document.Kind == EngineRuntimeProfile.KindName)) read.Add(OtherKindsReader.Profile(document.Fields));
        var known = read.OfType<EngineRuntimeProfile>().Concat(profiles ?? []).DistinctBy(profile => profile.Name).ToDictionary(profile => profile.Name);
        foreach (var document in documents.Where(document => document.Kind != EngineRuntimeProfile.KindName))
        {
            foreach (var one in ReadOne(document, known))
            {
                read.Add(one);
                files[one] = sources[lines.IndexOf(document.Fields.Node.Line)].Name;
            }
        }

        CheckTogether(read, documents, context);
        WarnOfProfiles(read, documents, context);
        if (read.Count == 0 && context.Errors.Count == 0) context.Errors.Add(new SpecError("", $"There is no document; expected a kind such as {Kinds[0]}.", 1));
        if (context.Errors.Count > 0) throw new SpecException([.. SpecContext.InOrder(context.Errors).Select(lines.Locate)]);
        return new SpecFile([.. read], [.. SpecContext.InOrder(context.Warnings).Select(lines.Locate)]) { Files = files };
    }

    /// <summary>Reads a text that holds one group, such as a journaled one.</summary>
    /// <exception cref="SpecException">It does not.</exception>
    public static RoleBasedGroup ReadGroup(string text) =>
        Read(text).Documents is [RoleBasedGroup group] ? group : throw new SpecException([new SpecError("", "Expected one RoleBasedGroup and nothing else.", 1)]);

    private static Identified? Identify(SpecNode root, SpecContext context)
    {
        if (root is not SpecMap map)
        {
            context.Error(root, $"is {root.Described}; expected a document with apiVersion and kind");
            return null;
        }

        var fields = new FieldReader(context, map);
        var (version, kind) = (fields.RequiredText("apiVersion"), fields.RequiredText("kind"));
        if (version.Length == 0 || kind.Length == 0) return null;
        if (!version.StartsWith(SpecNames.ApiGroup + "/", StringComparison.Ordinal))
        {
            context.Warn(fields.Find("kind")!, $"{kind} of {version} is none of ours and is left out");
            return null;
        }

        if (version is not (SpecNames.V1Alpha1 or SpecNames.V1Alpha2)) context.Error(fields.Find("apiVersion")!, $"is '{version}'; expected {SpecNames.V1Alpha2} or {SpecNames.V1Alpha1}");
        if (Kinds.Contains(kind)) return new Identified(kind, version == SpecNames.V1Alpha1, fields);
        context.Error(fields.Find("kind")!, $"is '{kind}'; expected one of {string.Join(", ", Kinds)}{SpecContext.Suggestion(kind, Kinds)}");
        return null;
    }

    private static IEnumerable<SpecDocument> ReadOne(Identified document, Dictionary<string, EngineRuntimeProfile> profiles)
    {
        var fields = document.Fields;
        switch (document.Kind)
        {
            case RoleBasedGroup.KindName when document.Old:
                var (group, policy) = V1Alpha1.Group(fields.Node);
                yield return GroupReader.Read(new FieldReader(fields.Context, group), profiles);
                if (policy is not null) yield return PolicyReader.Read(new FieldReader(fields.Context, policy));
                break;
            case RoleBasedGroup.KindName:
                yield return GroupReader.Read(fields, profiles);
                break;
            case RoleBasedGroupSet.KindName:
                yield return OtherKindsReader.Set(document.Old ? new FieldReader(fields.Context, V1Alpha1.Set(fields.Node)) : fields, profiles);
                break;
            case CoordinatedPolicy.KindName:
                yield return PolicyReader.Read(fields);
                break;
            case ScalingAdapter.KindName:
                yield return OtherKindsReader.Adapter(fields);
                break;
            default:
                yield return WarmupReader.Read(fields);
                break;
        }
    }

    private static void CheckTogether(List<SpecDocument> read, List<Identified> documents, SpecContext context)
    {
        foreach (var twice in read.GroupBy(document => (document.Kind, document.Metadata.Namespace, document.Name)).Where(group => group.Count() > 1))
        {
            var place = DocumentOf(documents, twice.Key.Kind, twice.Key.Name);
            context.Errors.Add(new SpecError("metadata.name", $"two documents are {twice.Key.Kind} \"{twice.Key.Name}\"", place.Line));
        }

        foreach (var group in read.OfType<RoleBasedGroup>())
        {
            CheckAdapters(group, read.OfType<ScalingAdapter>(), documents, context);
            foreach (var policy in read.OfType<CoordinatedPolicy>().Where(policy => policy.Name == group.Name))
            {
                var place = DocumentOf(documents, CoordinatedPolicy.KindName, policy.Name);
                context.Errors.AddRange(SpecBinding.Check(policy, group).Select(message => new SpecError(message.Path, message.Message, PlaceOf(place, message.Path))));
            }
        }
    }

    /// <summary>A profile becomes part of the groups of its own text, and is not kept.</summary>
    private static void WarnOfProfiles(List<SpecDocument> read, List<Identified> documents, SpecContext context)
    {
        if (read.Exists(document => document is RoleBasedGroup or RoleBasedGroupSet)) return;
        foreach (var profile in documents.Where(document => document.Kind == EngineRuntimeProfile.KindName))
            context.Warn(profile.Fields.Node, "becomes part of the groups of its own text, which has none: nothing is kept of it");
    }

    private static void CheckAdapters(RoleBasedGroup group, IEnumerable<ScalingAdapter> adapters, List<Identified> documents, SpecContext context)
    {
        foreach (var adapter in adapters.Where(adapter => adapter.Group == group.Name))
        {
            var place = DocumentOf(documents, ScalingAdapter.KindName, adapter.Name);
            context.Errors.AddRange(SpecBinding.Check(adapter, group).Select(message => new SpecError(message.Path, message.Message, PlaceOf(place, message.Path))));
        }

        foreach (var (index, role) in group.Roles.Index())
        {
            foreach (var other in (role.Scaling.Autoscaling?.Ratio.Keys ?? []).Where(other => group.FindRole(other) is null))
            {
                var path = $"spec.roles[{index}].scalingAdapter.autoscaling.ratio.{other}";
                context.Errors.Add(new SpecError(path, $"no role named \"{other}\"", PlaceOf(DocumentOf(documents, RoleBasedGroup.KindName, group.Name), path)));
            }
        }
    }

    /// <summary>The document of a kind and name; in v1alpha1 a policy stands within its group.</summary>
    private static SpecMap DocumentOf(List<Identified> documents, string kind, string name)
    {
        var named = documents.Where(document => NameOf(document.Fields.Node) == name).ToList();
        return (named.LastOrDefault(document => document.Kind == kind) ?? documents.LastOrDefault(document => document.Kind == kind) ?? named.LastOrDefault() ?? documents[^1]).Fields.Node;
    }

    private static string? NameOf(SpecMap document) =>
        document.Entries.FirstOrDefault(entry => entry.Key == "metadata")?.Value is SpecMap metadata && metadata.Entries.FirstOrDefault(entry => entry.Key == "name")?.Value is SpecScalar name ? name.Text : null;

    private static int PlaceOf(SpecMap document, string path)
    {
        var pending = new Stack<SpecNode>([document]);
        while (pending.TryPop(out var node))
        {
            if (node.Path == path) return node.Line;
            foreach (var child in node switch { SpecMap map => map.Entries.Select(entry => entry.Value), SpecList list => list.Items, _ => [] }) pending.Push(child);
        }

        return document.Line;
    }

    private sealed record Identified(string Kind, bool Old, FieldReader Fields);
}

/// <summary>What a text held.</summary>
/// <param name="Warnings">What has no meaning here and was left out.</param>
public sealed record SpecFile(ImmutableArray<SpecDocument> Documents, ImmutableArray<SpecError> Warnings)
{
    /// <summary>Name of the file that each document is of; profiles are of none.</summary>
    public required IReadOnlyDictionary<SpecDocument, string> Files { get; init; }
}
