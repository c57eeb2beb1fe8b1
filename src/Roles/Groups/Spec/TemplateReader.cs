using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads a PodTemplateSpec.</summary>
internal static class TemplateReader
{
    public static PodTemplate Read(FieldReader fields)
    {
        var (labels, annotations) = Metadata(fields);
        var spec = fields.Map("spec");
        if (spec is null && fields.Find("spec") is null) fields.Context.Error(fields.Node, "needs a spec with containers");
        fields.Finish();
        if (spec is null) return new PodTemplate { Containers = [] };
        var template = new PodTemplate
        {
            Labels = labels,
            Annotations = annotations,
            InitContainers = [.. spec.Maps("initContainers").Select(init => ContainerReader.ReadInit(init))],
            Containers = [.. spec.Maps("containers").Select(container => ContainerReader.Read(container))],
            Volumes = [.. spec.Maps("volumes").Select(Volume)],
            Placement = PlacementReader.Read(spec),
            TerminationGrace = spec.Seconds("terminationGracePeriodSeconds", TimeSpan.FromSeconds(30)),
        };
        Ignore(spec);
        spec.Finish();
        Check(spec, template);
        return template;
    }

    public static (ImmutableSortedDictionary<string, string> Labels, ImmutableSortedDictionary<string, string> Annotations) Metadata(FieldReader fields)
    {
        if (fields.Map("metadata") is not { } metadata) return (TextMaps.Empty, TextMaps.Empty);
        var read = (metadata.TextMap("labels"), metadata.TextMap("annotations"));
        metadata.Ignore("name", "namespace", "creationTimestamp");
        metadata.Finish();
        return read;
    }

    public static VolumeSpec Volume(FieldReader fields)
    {
        var name = fields.Label("name");
        VolumeSpec? volume = null;
        var sources = 0;
        if (fields.Map("hostPath") is { } host)
        {
            volume = new VolumeSpec(name, host.RequiredText("path"), InMemory: false, SizeLimitBytes: null);
            host.Ignore("type");
            host.Finish();
            sources++;
        }

        if (fields.Map("persistentVolumeClaim") is { } claim)
        {
            volume = new VolumeSpec(name, null, InMemory: false, SizeLimitBytes: null, Claim: claim.Label("claimName"));
            claim.Ignore("readOnly");
            claim.Finish();
            sources++;
        }

        if (fields.Map("emptyDir") is { } empty)
        {
            volume = Empty(name, empty);
            sources++;
        }

        if (sources != 1) fields.Context.Error(fields.Node, "needs exactly one of hostPath, emptyDir and persistentVolumeClaim");
        fields.Finish();
        return volume ?? new VolumeSpec(name, null, InMemory: false, SizeLimitBytes: null);
    }

    private static VolumeSpec Empty(string name, FieldReader fields)
    {
        var medium = fields.Text("medium") ?? "";
        if (medium is not ("" or "Memory")) fields.Context.Error(fields.Find("medium")!, $"is '{medium}'; expected Memory or nothing");
        var limit = fields.Text("sizeLimit");
        var bytes = limit is null ? null : Quantity.Parse(limit);
        if (limit is not null && bytes is null) fields.Context.Error(fields.Find("sizeLimit")!, $"is '{limit}'; expected a quantity such as 30Gi");
        fields.Finish();
        return new VolumeSpec(name, null, medium == "Memory", (long?)bytes);
    }

    private static void Ignore(FieldReader spec) => spec.Ignore(
        "activeDeadlineSeconds", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "ephemeralContainers", "hostAliases", "hostIPC",
        "hostNetwork", "hostPID", "hostUsers", "hostname", "imagePullSecrets", "os", "overhead", "preemptionPolicy", "priority", "priorityClassName",
        "readinessGates", "resourceClaims", "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates", "securityContext", "serviceAccount",
        "serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "tolerations", "topologySpreadConstraints");

    private static void Check(FieldReader spec, PodTemplate template)
    {
        if (template.Containers.IsEmpty && spec.Find("containers") is null or SpecList { Items.Count: 0 }) spec.Context.Error(spec.Node, "needs at least one container");
        var containers = template.InitContainers.Concat(template.Containers).ToList();
        if (containers.GroupBy(container => container.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            spec.Context.Error(spec.Find("containers") ?? spec.Node, $"two containers are named \"{twice.Key}\"");
        if (template.Volumes.GroupBy(volume => volume.Name).FirstOrDefault(group => group.Count() > 1) is { } volumes)
            spec.Context.Error(spec.Find("volumes")!, $"two volumes are named \"{volumes.Key}\"");
        foreach (var mount in containers.SelectMany(container => container.Mounts).DistinctBy(mount => mount.Name))
        {
            if (template.Volumes.All(volume => volume.Name != mount.Name)) spec.Context.Error(spec.Node, $"a container mounts \"{mount.Name}\", but no volume has that name");
        }
    }
}
