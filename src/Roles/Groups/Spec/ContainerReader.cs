using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ActorInference.Roles.Agents;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>Reads a container: the picture of one process.</summary>
internal static partial class ContainerReader
{
    public const string GpuResource = "nvidia.com/gpu";

    private static readonly string[] Fields = ["metadata.name", "metadata.namespace", "metadata.uid", "status.podIP", "status.hostIP", "spec.nodeName"];

    /// <param name="needsImage">Whether it stands for itself; a profile's may take the image of the one it is put over.</param>
    public static ContainerSpec Read(FieldReader fields, bool needsImage = true)
    {
        var container = new ContainerSpec
        {
            Name = fields.Label("name"),
            Image = needsImage ? fields.RequiredText("image") : fields.Text("image") ?? "",
            Command = fields.Texts("command"),
            Args = fields.Texts("args"),
            WorkingDirectory = fields.Text("workingDir"),
            Env = [.. fields.Maps("env").Select(Variable)],
            Ports = [.. fields.Maps("ports").Select(Port)],
            Startup = Probe(fields.Map("startupProbe")),
            Readiness = Probe(fields.Map("readinessProbe")),
            Liveness = Probe(fields.Map("livenessProbe")),
            PreStop = PreStop(fields.Map("lifecycle")),
            Resources = Resources(fields.Map("resources")),
            Mounts = [.. fields.Maps("volumeMounts").Select(Mount)],
        };
        if (fields.Find("envFrom") is { } from) fields.Context.Error(from, "is not to be had here; name the variables in env");
        fields.Ignore(
            "imagePullPolicy", "securityContext", "stdin", "stdinOnce", "tty", "terminationMessagePath", "terminationMessagePolicy", "resizePolicy",
            "volumeDevices", "restartPolicy");
        fields.Finish();
        CheckPorts(fields, container);
        return container;
    }

    /// <summary>A container that runs to its end before the others begin.</summary>
    public static ContainerSpec ReadInit(FieldReader fields)
    {
        foreach (var name in (ReadOnlySpan<string>)["ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle"])
        {
            if (fields.Find(name) is { } node) fields.Context.Error(node, "is not for an init container, which runs to its end before the others");
        }

        if (fields.Find("restartPolicy") is { } policy) fields.Context.Error(policy, $"is {policy.Described}; an init container that goes on is not to be had here: put it among the containers");
        return Read(fields);
    }

    public static PortSpec ServicePort(FieldReader fields)
    {
        var port = new PortSpec(fields.Text("name") ?? "", fields.Integer("port", 0, 65535) ?? 0, fields.Text("protocol") ?? "TCP");
        fields.Ignore("targetPort", "nodePort", "appProtocol");
        fields.Finish();
        return port;
    }

    /// <summary>The action that one mapping holds, of <c>httpGet</c>, <c>tcpSocket</c> and <c>exec</c>.</summary>
    public static ProbeAction? Action(FieldReader fields)
    {
        var actions = new List<ProbeAction>();
        if (fields.Map("httpGet") is { } http) actions.Add(Http(http));
        if (fields.Map("tcpSocket") is { } tcp)
        {
            actions.Add(new TcpAction(PortReference(tcp), tcp.Text("host")));
            tcp.Finish();
        }

        if (fields.Map("exec") is { } exec)
        {
            actions.Add(new ExecAction(exec.Texts("command")));
            if (!exec.Items("command").Any()) fields.Context.Error(exec.Node, "needs a command");
            exec.Finish();
        }

        if (fields.Find("grpc") is { } grpc) fields.Context.Error(grpc, "is not to be had here; use httpGet, tcpSocket or exec");
        else if (actions.Count != 1) fields.Context.Error(fields.Node, "needs exactly one of httpGet, tcpSocket and exec");
        return actions.FirstOrDefault();
    }

    private static HttpAction Http(FieldReader fields)
    {
        var headers = TextMaps.Empty.ToBuilder();
        foreach (var header in fields.Maps("httpHeaders"))
        {
            headers[header.RequiredText("name")] = header.Text("value") ?? "";
            header.Finish();
        }

        var action = new HttpAction(fields.Text("path") ?? "/", PortReference(fields), fields.Text("scheme") ?? "HTTP", fields.Text("host"), headers.ToImmutable());
        if (action.Scheme is not ("HTTP" or "HTTPS")) fields.Context.Error(fields.Find("scheme")!, $"is '{action.Scheme}'; expected HTTP or HTTPS");
        fields.Finish();
        return action;
    }

    private static string PortReference(FieldReader fields)
    {
        var text = fields.RequiredText("port");
        if (text.Length > 0 && char.IsAsciiDigit(text[0]) && !(int.TryParse(text, out var port) && port is > 0 and < 65536))
            fields.Context.Error(fields.Find("port")!, $"is '{text}'; expected a port from 1 to 65535 or the name of one");
        return text;
    }

    private static ProbeSpec? Probe(FieldReader? fields)
    {
        if (fields is null) return null;
        if (Action(fields) is not { } action) return null;
        var usual = new ProbeSpec(action);
        var probe = usual with
        {
            InitialDelay = fields.Seconds("initialDelaySeconds", usual.InitialDelay),
            Period = fields.Seconds("periodSeconds", usual.Period, min: 1),
            Timeout = fields.Seconds("timeoutSeconds", usual.Timeout, min: 1),
            SuccessThreshold = fields.Integer("successThreshold", 1) ?? usual.SuccessThreshold,
            FailureThreshold = fields.Integer("failureThreshold", 1) ?? usual.FailureThreshold,
        };
        fields.Ignore("terminationGracePeriodSeconds");
        fields.Finish();
        return probe;
    }

    private static ProbeAction? PreStop(FieldReader? fields)
    {
        if (fields is null) return null;
        if (fields.Find("postStart") is { } start) fields.Context.Error(start, "is not to be had here; use a startupProbe");
        var stop = fields.Map("preStop");
        var action = stop is null ? null : Action(stop);
        stop?.Finish();
        fields.Ignore("stopSignal");
        fields.Finish();
        return action;
    }

    private static EnvVar Variable(FieldReader fields)
    {
        var name = fields.RequiredText("name");
        if (name.Length > 0 && !VariableName().IsMatch(name)) fields.Context.Error(fields.Find("name")!, $"is '{name}'; expected letters, digits, '_', '-' and '.', no digit first");
        var value = fields.Text("value");
        string? path = null;
        if (fields.Map("valueFrom") is { } from)
        {
            path = FieldPath(from);
            if (value is not null) fields.Context.Error(fields.Node, "has both value and valueFrom");
        }

        fields.Finish();
        return new EnvVar(name, path is null ? value ?? "" : "", path);
    }

    private static string? FieldPath(FieldReader from)
    {
        foreach (var other in (ReadOnlySpan<string>)["configMapKeyRef", "secretKeyRef", "resourceFieldRef", "fileKeyRef"])
        {
            if (from.Find(other) is { } node) from.Context.Error(node, "is not to be had here; expected fieldRef or a value");
        }

        var reference = from.Map("fieldRef");
        from.Finish();
        if (reference is null) return null;
        var path = reference.RequiredText("fieldPath");
        if (path.Length > 0 && !Fields.Contains(path) && !LabelPath().IsMatch(path))
            from.Context.Error(reference.Find("fieldPath")!, $"is '{path}'; expected one of {string.Join(", ", Fields)}, metadata.labels['...'] or metadata.annotations['...']");
        reference.Ignore("apiVersion");
        reference.Finish();
        return path;
    }

    private static PortSpec Port(FieldReader fields)
    {
        if (!fields.Has("containerPort")) fields.Context.Error(fields.Node, "needs a containerPort; 0 leases a free one");
        var port = new PortSpec(fields.Text("name") ?? "", fields.Integer("containerPort", 0, 65535) ?? 0, fields.Text("protocol") ?? "TCP");
        if (port.Port == 0 && port.Name.Length == 0) fields.Context.Error(fields.Node, "needs a name: its number is only known as an environment variable");
        fields.Ignore("hostPort", "hostIP");
        fields.Finish();
        return port;
    }

    private static void CheckPorts(FieldReader fields, ContainerSpec container)
    {
        if (container.Ports.Where(port => port.Name.Length > 0).GroupBy(port => port.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            fields.Context.Error(fields.Find("ports")!, $"two ports are named \"{twice.Key}\"");
        foreach (var (name, probe) in new[] { ("startupProbe", container.Startup), ("readinessProbe", container.Readiness), ("livenessProbe", container.Liveness) })
        {
            var port = probe?.Action switch { HttpAction http => http.Port, TcpAction tcp => tcp.Port, _ => null };
            if (port is { Length: > 0 } && !char.IsAsciiDigit(port[0]) && container.Ports.All(declared => declared.Name != port))
                fields.Context.Error(fields.Find(name)!, $"no port named \"{port}\"");
        }
    }

    private static ResourceSpec Resources(FieldReader? fields)
    {
        if (fields is null) return ResourceSpec.None;
        var (requests, limits) = (fields.Map("requests"), fields.Map("limits"));
        var cpuSet = fields.Text("cpuSet");
        if (cpuSet is not null && CpuSet.Parse(cpuSet) is null) fields.Context.Error(fields.Find("cpuSet")!, $"is '{cpuSet}'; expected cores such as 0-3,8");
        fields.Ignore("claims");
        fields.Finish();
        var gpus = 0;
        var other = ResourceSpec.None.Other.ToBuilder();
        foreach (var part in new[] { requests, limits })
        {
            foreach (var (name, value, _) in part?.Node.Entries ?? [])
            {
                if (name is "cpu" or "memory" or "ephemeral-storage") continue;
                var count = part!.Integer(name, 0) ?? 0;
                if (name.EndsWith("/gpu", StringComparison.Ordinal)) gpus = Math.Max(gpus, count);
                else other[name] = Math.Max(count, other.GetValueOrDefault(name));
            }

            part?.Ignore("ephemeral-storage");
        }

        return new ResourceSpec(Amount(requests, "cpu"), Amount(limits, "cpu"), (long?)Amount(requests, "memory"), (long?)Amount(limits, "memory"), gpus, other.ToImmutable()) { CpuSet = cpuSet };
    }

    private static double? Amount(FieldReader? fields, string name)
    {
        if (fields?.Text(name) is not { } text) return null;
        var amount = Quantity.Parse(text);
        if (amount is null) fields.Context.Error(fields.Find(name)!, $"is '{text}'; expected a quantity such as 500m, 2 or 16Gi");
        return amount;
    }

    private static VolumeMount Mount(FieldReader fields)
    {
        var mount = new VolumeMount(fields.RequiredText("name"), fields.RequiredText("mountPath"), SubPath(fields, "subPath"), fields.Flag("readOnly"), SubPath(fields, "subPathExpr"));
        if (mount is { SubPath: not null, SubPathExpression: not null }) fields.Context.Error(fields.Find("subPathExpr")!, "does not go with subPath");
        fields.Ignore("mountPropagation", "recursiveReadOnly");
        fields.Finish();
        return mount;
    }

    private static string? SubPath(FieldReader fields, string name)
    {
        if (fields.Text(name) is not { Length: > 0 } path) return null;
        if (path.StartsWith('/') || path.Split('/').Contains("..")) fields.Context.Error(fields.Find(name)!, $"is '{path}'; expected a path within the volume");
        return path;
    }

    [GeneratedRegex("^[A-Za-z_.-][A-Za-z0-9_.-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex VariableName();

    [GeneratedRegex(@"^metadata\.(labels|annotations)\['[^']+'\]$", RegexOptions.CultureInvariant)]
    private static partial Regex LabelPath();
}
