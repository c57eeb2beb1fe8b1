using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Writes templates, containers and what they hold.</summary>
internal static class ContainerWriter
{
    public static YamlMappingNode Template(PodTemplate template) => new YamlFields()
        .AddIfAny("metadata", new YamlFields().Map("labels", template.Labels).Map("annotations", template.Annotations).Build())
        .Add("spec", PlacementWriter.Add(new YamlFields(), template.Placement)
            .List("initContainers", template.InitContainers, Container)
            .List("containers", template.Containers, Container)
            .List("volumes", template.Volumes, Volume)
            .Seconds("terminationGracePeriodSeconds", template.TerminationGrace, TimeSpan.FromSeconds(30))
            .Build())
        .Build();

    public static YamlMappingNode Container(ContainerSpec container) => new YamlFields()
        .Text("name", container.Name)
        .Text("image", container.Image)
        .Texts("command", container.Command)
        .Texts("args", container.Args)
        .Text("workingDir", container.WorkingDirectory)
        .List("env", container.Env, Variable)
        .List("ports", container.Ports, Port)
        .Add("startupProbe", container.Startup is { } startup ? Probe(startup) : null)
        .Add("readinessProbe", container.Readiness is { } readiness ? Probe(readiness) : null)
        .Add("livenessProbe", container.Liveness is { } liveness ? Probe(liveness) : null)
        .AddIfAny("lifecycle", PreStop(container))
        .AddIfAny("resources", Resources(container.Resources))
        .List("volumeMounts", container.Mounts, Mount)
        .Build();

    public static YamlMappingNode Volume(VolumeSpec volume) => new YamlFields()
        .Text("name", volume.Name)
        .Add("hostPath", volume.HostPath is { } path ? new YamlFields().Text("path", path).Build() : null)
        .Add("persistentVolumeClaim", volume.Claim is { } claim ? new YamlFields().Text("claimName", claim).Build() : null)
        .Add("emptyDir", volume.HostPath is null && volume.Claim is null ? EmptyDirectory(volume) : null)
        .Build();

    private static YamlMappingNode EmptyDirectory(VolumeSpec volume)
    {
        var fields = new YamlFields().Text("medium", volume.InMemory ? "Memory" : null);
        if (volume.SizeLimitBytes is { } limit) fields.Number("sizeLimit", limit);
        return fields.Build();
    }

    public static YamlMappingNode ServicePort(PortSpec port) => Ported(new YamlFields().Text("name", Named(port)).Number("port", port.Port), port);

    /// <summary>The action's own field beside those that <paramref name="fields"/> has.</summary>
    public static YamlFields Action(YamlFields fields, ProbeAction action) => action switch
    {
        HttpAction http => fields.Add("httpGet", new YamlFields()
            .Text("path", http.Path)
            .Add("port", PortReference(http.Port))
            .Text("scheme", http.Scheme == "HTTP" ? null : http.Scheme)
            .Text("host", http.Host)
            .List("httpHeaders", http.Headers, header => new YamlFields().Text("name", header.Key).Text("value", header.Value).Build())
            .Build()),
        TcpAction tcp => fields.Add("tcpSocket", new YamlFields().Add("port", PortReference(tcp.Port)).Text("host", tcp.Host).Build()),
        ExecAction exec => fields.Add("exec", new YamlFields().Texts("command", exec.Command).Build()),
        _ => throw new InvalidOperationException($"{action.GetType().Name} has no written form."),
    };

    private static YamlMappingNode Port(PortSpec port) => Ported(new YamlFields().Text("name", Named(port)).Number("containerPort", port.Port), port);

    private static YamlMappingNode Ported(YamlFields fields, PortSpec port) => fields.Text("protocol", port.Protocol == "TCP" ? null : port.Protocol).Build();

    private static string? Named(PortSpec port) => port.Name.Length == 0 ? null : port.Name;

    private static YamlMappingNode Variable(EnvVar variable) => variable.FieldPath is { } path
        ? new YamlFields().Text("name", variable.Name).Add("valueFrom", new YamlFields().Add("fieldRef", new YamlFields().Text("fieldPath", path).Build()).Build()).Build()
        : new YamlFields().Text("name", variable.Name).Text("value", variable.Value).Build();

    private static YamlMappingNode Probe(ProbeSpec probe)
    {
        var usual = new ProbeSpec(probe.Action);
        return Action(new YamlFields(), probe.Action)
            .Seconds("initialDelaySeconds", probe.InitialDelay, usual.InitialDelay)
            .Seconds("periodSeconds", probe.Period, usual.Period)
            .Seconds("timeoutSeconds", probe.Timeout, usual.Timeout)
            .Number("successThreshold", probe.SuccessThreshold, usual.SuccessThreshold)
            .Number("failureThreshold", probe.FailureThreshold, usual.FailureThreshold)
            .Build();
    }

    private static YamlScalarNode PortReference(string port) => new(port);

    private static YamlMappingNode PreStop(ContainerSpec container) => container.PreStop is null
        ? []
        : new YamlFields().Add("preStop", Action(new YamlFields(), container.PreStop).Build()).Build();

    private static YamlMappingNode Resources(ResourceSpec resources)
    {
        var requests = new YamlFields();
        if (resources.Cpus is { } cpus) requests.Text("cpu", cpus.ToString("R", CultureInfo.InvariantCulture));
        if (resources.MemoryBytes is { } memory) requests.Number("memory", memory);
        var limits = new YamlFields();
        if (resources.CpuLimit is { } cpuLimit) limits.Text("cpu", cpuLimit.ToString("R", CultureInfo.InvariantCulture));
        if (resources.MemoryLimitBytes is { } memoryLimit) limits.Number("memory", memoryLimit);
        limits.Number(ContainerReader.GpuResource, resources.Gpus, 0);
        foreach (var (name, count) in resources.Other) limits.Number(name, count);
        return new YamlFields().AddIfAny("requests", requests.Build()).AddIfAny("limits", limits.Build()).Text("cpuSet", resources.CpuSet).Build();
    }

    private static YamlMappingNode Mount(VolumeMount mount) => new YamlFields()
        .Text("name", mount.Name)
        .Text("mountPath", mount.MountPath)
        .Text("subPath", mount.SubPath)
        .Text("subPathExpr", mount.SubPathExpression)
        .Flag("readOnly", mount.ReadOnly)
        .Build();
}
