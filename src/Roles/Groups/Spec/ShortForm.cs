namespace ActorInference.Roles.Groups.Spec;

/// <summary>
/// Our own roles without a template: <c>role: prefill</c> with <c>version</c> and <c>settings</c> becomes the container that runs
/// <c>actorinference node --role prefill</c>. Its cluster address is <c>$(RBG_ADDRESS)</c> and its leased port <c>$(RBG_PORT_CLUSTER)</c>;
/// workers keep their host pool in the host's memory, masters and stores what they know in the instance's folder, so that the next
/// process finds it; settings go above all that, and <c>patch</c> is merged over the template.
/// </summary>
internal static class ShortForm
{
    public const string Image = "actorinference";
    public const string ClusterPort = "cluster";
    public const string HttpPort = "http";

    /// <summary>Where management routes are, and among them <c>/metrics</c>, which autoscaling reads.</summary>
    public const string MetricsPort = "metrics";

    /// <summary>Listened on as long as the process takes work.</summary>
    public const string ReadyPort = "ready";

    /// <summary>Volume in the host's memory, kept over an update in place and a crash.</summary>
    private const string Memory = "memory";

    private const string ManagementPort = "management-port";

    private static readonly string[] OwnRoles = ["gateway", "router", "prefill", "decode", "cache-master", "cache-store"];
    private static readonly string[] Taken = ["role", "cluster-host", "cluster-port", "seed", "host", "ready-port"];

    /// <returns>The template; null if the role is not in the short form.</returns>
    public static SpecMap? Expand(FieldReader role)
    {
        var own = role.Text("role");
        var (version, image, settings, patch) = (role.Text("version"), role.Text("image"), role.Map("settings"), role.Find("patch"));
        var env = role.Find("env");
        var resources = role.Find("resources");
        if (own is null)
        {
            foreach (var name in (ReadOnlySpan<string>)["version", "image", "settings", "patch", "env", "resources"])
            {
                if (role.Find(name) is { } node) role.Context.Error(node, "only goes with role, the short form of our own roles");
            }

            return null;
        }

        if (!OwnRoles.Contains(own)) role.Context.Error(role.Find("role")!, $"is '{own}'; expected one of {string.Join(", ", OwnRoles)}{SpecContext.Suggestion(own, OwnRoles)}");
        if (role.Has("standalonePattern") || role.Has("leaderWorkerPattern") || role.Has("customComponentsPattern"))
            return role.Map("standalonePattern")?.Map("template")?.Node;
        var place = role.Find("role")!;
        var container = Container(place, own, image ?? (version is null ? Image : $"{Image}:{version}"), settings, HasMetrics(own, settings, patch))
            .With("env", env)
            .With("resources", resources);
        var pod = Map(place, ("containers", List(place, [container])));
        if (IsWorker(own)) pod = pod.With("volumes", List(place, [Map(place, ("name", Text(place, Memory)), ("emptyDir", Map(place, ("medium", Text(place, "Memory")))))]));
        var template = Map(place, ("spec", pod));
        return patch is null ? template : StrategicMerge.Merge(template, patch, role.Context) as SpecMap ?? template;
    }

    /// <summary>Whether the role has a port of its own for management and metrics: those that load is measured at, unless settings or patch say where.</summary>
    private static bool HasMetrics(string own, FieldReader? settings, SpecNode? patch)
    {
        if (own is "cache-master" or "cache-store" || settings?.Node.Find(ManagementPort) is not null) return false;
        var containers = ((patch as SpecMap)?.Find("spec") as SpecMap)?.Find("containers") as SpecList;
        var ports = containers?.Items.OfType<SpecMap>().SelectMany(container => (container.Find("ports") as SpecList)?.Items ?? []) ?? [];
        return !ports.OfType<SpecMap>().Any(port => port.Find("name") is SpecScalar { Text: MetricsPort });
    }

    private static SpecMap Container(SpecNode place, string own, string image, FieldReader? settings, bool hasMetrics)
    {
        var gateway = own is "gateway" or "router";
        var arguments = new List<string> { "node", "--role", gateway ? "gateway" : own, "--cluster-host", "$(RBG_ADDRESS)", "--cluster-port", "$(RBG_PORT_CLUSTER)", "--seed", "$(RBG_SEED)" };
        arguments.AddRange(own switch
        {
            "gateway" or "router" => ["--host", "$(RBG_ADDRESS)", "--port", "$(RBG_PORT_HTTP)"],
            "prefill" or "decode" => ["--ready-port", "$(RBG_PORT_READY)", "--set", "actor-inference.cache.l2.path=$(VOLUME_MEMORY)/l2", "--set", "actor-inference.cache.l2.ratio=1"],
            _ => ["--ready-port", "$(RBG_PORT_READY)", .. settings?.Has("data") == true ? (string[])[] : ["--data", "$(INSTANCE_FOLDER)"]],
        });
        // Not on loopback only: the control node asks from elsewhere. What changes anything asks for the admin key there.
        if (hasMetrics) arguments.AddRange([$"--{ManagementPort}", "$(RBG_PORT_METRICS)", "--set", "actor-inference.management.host=$(RBG_ADDRESS)"]);
        foreach (var (key, value, line) in settings?.Node.Entries ?? [])
        {
            if (Taken.Contains(key) || (key == "port" && !gateway)) settings!.Context.Errors.Add(new SpecError(value.Path, "is set by the role itself", line));
            else if (key != "port") arguments.AddRange(Option(key, value, settings!.Context));
        }

        var http = gateway ? settings?.Integer("port", 1, 65535) ?? 0 : 0;
        List<SpecNode> ports = [Port(place, ClusterPort, 0)];
        ports.Add(gateway ? Port(place, HttpPort, http) : Port(place, ReadyPort, 0));
        if (hasMetrics) ports.Add(Port(place, MetricsPort, 0));
        var probe = gateway
            ? Map(place, ("httpGet", Map(place, ("path", Text(place, "/health")), ("port", Text(place, HttpPort)))), ("periodSeconds", Number(place, 1)))
            : Map(place, ("tcpSocket", Map(place, ("port", Text(place, ReadyPort)))), ("periodSeconds", Number(place, 1)));
        var container = Map(
            place,
            ("name", Text(place, own)),
            ("image", Text(place, image)),
            ("command", List(place, [Text(place, "actorinference")])),
            ("args", List(place, arguments.Select(argument => Text(place, argument)))),
            ("ports", List(place, ports)),
            ("readinessProbe", probe));
        return IsWorker(own) ? container.With("volumeMounts", List(place, [Map(place, ("name", Text(place, Memory)), ("mountPath", Text(place, "/memory")))])) : container;
    }

    private static bool IsWorker(string own) => own is "prefill" or "decode";

    /// <summary>A setting as options of the command: true as a switch, a list as the option repeated.</summary>
    private static IEnumerable<string> Option(string key, SpecNode value, SpecContext context)
    {
        switch (value)
        {
            case SpecScalar { Quoted: false, Text: "true" }: return [$"--{key}"];
            case SpecScalar { Quoted: false, Text: "false" }: return [];
            case SpecScalar scalar when !scalar.IsNull: return [$"--{key}", scalar.Text];
            case SpecList list: return list.Items.SelectMany(item => Option(key, item, context));
            default:
                context.Error(value, $"is {value.Described}; expected a text, true, false or a list of texts");
                return [];
        }
    }

    private static SpecMap Port(SpecNode place, string name, int port) => Map(place, ("name", Text(place, name)), ("containerPort", Number(place, port)));

    private static SpecMap Map(SpecNode place, params (string Key, SpecNode Value)[] fields) =>
        new([.. fields.Select(field => new SpecEntry(field.Key, field.Value, place.Line))], place.Path, place.Line);

    private static SpecList List(SpecNode place, IEnumerable<SpecNode> items) => new([.. items], place.Path, place.Line);

    private static SpecScalar Text(SpecNode place, string text) => new(text, Quoted: true, place.Path, place.Line);

    private static SpecScalar Number(SpecNode place, int number) => new($"{number}", Quoted: false, place.Path, place.Line);
}
