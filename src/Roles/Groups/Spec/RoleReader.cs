using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads one role: its pattern with templates, patches and engine runtimes resolved.</summary>
internal sealed class RoleReader
{
    private static readonly string[] Patterns = ["standalonePattern", "leaderWorkerPattern", "customComponentsPattern"];

    private readonly FieldReader _fields;
    private readonly Dictionary<string, SpecMap> _templates;
    private readonly EngineRuntimeReader _runtimes;

    public RoleReader(FieldReader fields, Dictionary<string, SpecMap> templates, IReadOnlyDictionary<string, EngineRuntimeProfile> profiles)
    {
        _fields = fields;
        _templates = templates;
        _runtimes = new EngineRuntimeReader(profiles);
    }

    private SpecContext Context => _fields.Context;

    public RoleSpec Read()
    {
        var expanded = ShortForm.Expand(_fields);
        var role = new RoleSpec
        {
            Name = _fields.Label("name"),
            OwnRole = _fields.Text("role"),
            Replicas = _fields.Integer("replicas", 0) ?? 1,
            Labels = _fields.TextMap("labels"),
            Annotations = _fields.TextMap("annotations"),
            Dependencies = _fields.Texts("dependencies"),
            Rollout = RolloutReader.Read(_fields.Map("rolloutStrategy")),
            ServicePorts = [.. _fields.Maps("servicePorts").Select(ContainerReader.ServicePort)],
            Scaling = OtherKindsReader.Scaling(_fields.Map("scalingAdapter")),
            MinReady = _fields.Seconds("minReadySeconds", TimeSpan.Zero),
            Management = _fields.Choice("podManagementPolicy", PodManagementPolicy.Parallel),
            Components = [],
        };
        role = WithPattern(role, expanded);
        _fields.Finish();
        RolloutReader.Check(_fields, role);
        if (role.Annotations.GetValueOrDefault(SpecNames.InPlaceScheduling) is { } stay and not (SpecNames.PreferredPlace or SpecNames.RequiredPlace))
            Context.Error(_fields.Map("annotations")!.Find(SpecNames.InPlaceScheduling)!, $"is '{stay}'; expected {SpecNames.PreferredPlace} or {SpecNames.RequiredPlace}");
        return role;
    }

    private RoleSpec WithPattern(RoleSpec role, SpecMap? expanded)
    {
        var runtimes = _runtimes.Read(_fields);
        var declared = Patterns.Where(_fields.Has).ToList();
        if (expanded is not null) return role with { Components = [Standalone(runtimes(ReadTemplate(expanded)))] };
        if (declared.Count != 1)
        {
            Context.Error(_fields.Node, $"needs exactly one of {string.Join(", ", Patterns)}, or, for one of our own roles, role");
            return role;
        }

        if (_fields.Map(declared[0]) is not { } pattern) return role;
        var read = declared[0] switch
        {
            "standalonePattern" => role with { Components = [Standalone(runtimes(Template(pattern)))] },
            "leaderWorkerPattern" => LeaderWorker(role, pattern, runtimes),
            _ => Custom(role, pattern, runtimes),
        };
        pattern.Finish();
        return read;
    }

    private static ComponentSpec Standalone(PodTemplate template) => new("", 1, null, TextMaps.Empty, TextMaps.Empty, template);

    private RoleSpec LeaderWorker(RoleSpec role, FieldReader pattern, Func<PodTemplate, PodTemplate> runtimes)
    {
        var size = pattern.Integer("size", 1) ?? 1;
        var (leader, worker) = LeaderAndWorker(pattern);
        return role with
        {
            Pattern = RolePattern.LeaderWorker,
            Components =
            [
                new ComponentSpec(SpecNames.LeaderComponent, 1, null, TextMaps.Empty, TextMaps.Empty, runtimes(leader)),
                new ComponentSpec(SpecNames.WorkerComponent, size - 1, null, TextMaps.Empty, TextMaps.Empty, worker),
            ],
            ServiceSelection = pattern.Choice("sharedServiceSelection", SharedServiceSelection.LeaderOnly),
            Restart = RolloutReader.Restart(pattern),
        };
    }

    private (PodTemplate Leader, PodTemplate Worker) LeaderAndWorker(FieldReader pattern)
    {
        // The written form has both as they came out of the patches.
        if (pattern.Map("leaderTemplate") is { } leader && pattern.Map("workerTemplate") is { } worker) return (ReadTemplate(leader.Node), ReadTemplate(worker.Node));
        if (TemplateTree(pattern) is not { } template) return (new PodTemplate { Containers = [] }, new PodTemplate { Containers = [] });
        return (ReadTemplate(Patched(template, pattern.Find("leaderTemplatePatch"))), ReadTemplate(Patched(template, pattern.Find("workerTemplatePatch"))));
    }

    private RoleSpec Custom(RoleSpec role, FieldReader pattern, Func<PodTemplate, PodTemplate> runtimes)
    {
        var components = ImmutableArray.CreateBuilder<ComponentSpec>();
        foreach (var fields in pattern.Maps("components"))
        {
            var component = new ComponentSpec(
                fields.Label("name"), fields.Integer("size", 0) ?? 1, fields.Text("serviceName"), fields.TextMap("labels"), fields.TextMap("annotations"), Template(fields));
            if (component.Name.Length > 0 && components.Any(other => other.Name == component.Name)) Context.Error(fields.Find("name")!, $"two components are named \"{component.Name}\"");
            components.Add(components.Count == 0 ? component with { Template = runtimes(component.Template) } : component);
            fields.Finish();
        }

        if (components.Count == 0) Context.Error(pattern.Node, "needs at least one component");
        return role with { Pattern = RolePattern.CustomComponents, Components = components.ToImmutable(), Restart = RolloutReader.Restart(pattern) };
    }

    private PodTemplate Template(FieldReader source) => TemplateTree(source) is { } tree ? ReadTemplate(tree) : new PodTemplate { Containers = [] };

    /// <summary>The template that a pattern has, or names and patches.</summary>
    private SpecMap? TemplateTree(FieldReader source)
    {
        var (template, reference) = (source.Map("template"), source.Map("templateRef"));
        if (source.Has("template") == source.Has("templateRef")) Context.Error(source.Node, "needs exactly one of template and templateRef");
        if (reference is null) return template?.Node;
        var name = reference.RequiredText("name");
        var patch = reference.Find("patch");
        reference.Finish();
        if (_templates.TryGetValue(name, out var found)) return Patched(found, patch);
        if (name.Length > 0) Context.Error(reference.Find("name")!, $"no template named \"{name}\"");
        return null;
    }

    private SpecMap Patched(SpecMap template, SpecNode? patch)
    {
        if (patch is null) return template;
        if (StrategicMerge.Merge(template, patch, Context) is SpecMap merged) return merged;
        Context.Error(patch, $"is {patch.Described}; expected a mapping");
        return template;
    }

    private PodTemplate ReadTemplate(SpecMap tree) => TemplateReader.Read(new FieldReader(Context, tree));
}
