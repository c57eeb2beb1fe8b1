using ActorInference.Actors.Tracing;
using ActorInference.Host.Cli;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ActorInference.Host.Tracing;

/// <summary>Sends the spans of this process to a collector, in batches and on a thread of its own. What is left goes when it is disposed.</summary>
public sealed class TraceExport : IDisposable
{
    private const string ServiceName = "actorinference";
    private const int HttpPort = 4318;
    private const string TracesPath = "/v1/traces";
    private const string HttpProtobuf = "http/protobuf";
    private const string SamplerVariable = "OTEL_TRACES_SAMPLER";

    /// <summary>What names an endpoint where the configuration does not, the first first.</summary>
    private static readonly string[] EndpointVariables = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

    private static readonly string[] ProtocolVariables = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

    private readonly TracerProvider _provider;
    private readonly ExportWarnings _warnings;

    private TraceExport(TracingSettings settings, Uri endpoint, IEnumerable<NodeRole> roles)
    {
        _warnings = new ExportWarnings(endpoint, Console.Error.WriteLine);
        var builder = Sdk.CreateTracerProviderBuilder().AddSource(Spans.SourceName).ConfigureResource(resource => Describe(resource, roles));
        // Without a wish of its own the standard variable is followed.
        if (settings.Sample < 1 || Variable(SamplerVariable) is null) builder.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(settings.Sample)));
        _provider = builder.AddOtlpExporter(otlp => Configure(otlp, settings, endpoint)).Build();
    }

    /// <summary>Begins, if there is somewhere to send spans to: as configured, or by OpenTelemetry's own environment variables.</summary>
    /// <param name="settings">What is configured.</param>
    /// <param name="roles">Of the process; spans say them.</param>
    /// <returns>Null if there is not. Then nothing is recorded.</returns>
    /// <exception cref="UserErrorException">A variable names no endpoint.</exception>
    public static TraceExport? Start(TracingSettings settings, IEnumerable<NodeRole> roles) =>
        EndpointOf(settings) is { } endpoint ? new TraceExport(settings, endpoint, roles) : null;

    public void Dispose()
    {
        _provider.Dispose();
        _warnings.Dispose();
    }

    private static Uri? EndpointOf(TracingSettings settings)
    {
        if (settings.Endpoint is { } configured) return configured;
        if (Variable("OTEL_TRACES_EXPORTER") is { } exporter && exporter != "otlp") return null;
        foreach (var name in EndpointVariables)
        {
            if (Variable(name) is not { } text) continue;
            return TracingSettings.IsEndpoint(text) ? new Uri(text) : throw new UserErrorException($"{name} is '{text}'; expected the address of a collector, such as http://127.0.0.1:4317.");
        }

        return null;
    }

    private static void Configure(OtlpExporterOptions otlp, TracingSettings settings, Uri endpoint)
    {
        var protocol = settings.Protocol ?? ProtocolVariables.Select(Variable).FirstOrDefault(static each => each is not null) ?? (endpoint.Port == HttpPort ? HttpProtobuf : null);
        otlp.Protocol = protocol == HttpProtobuf ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        // One that a variable names the exporter reads itself.
        if (settings.Endpoint is null) return;
        otlp.Endpoint = otlp.Protocol == OtlpExportProtocol.HttpProtobuf && !endpoint.AbsolutePath.EndsWith(TracesPath, StringComparison.Ordinal)
            ? new UriBuilder(endpoint) { Path = endpoint.AbsolutePath.TrimEnd('/') + TracesPath }.Uri
            : endpoint;
    }

    private static void Describe(ResourceBuilder resource, IEnumerable<NodeRole> roles) => resource
        .Clear()
        .AddService(ServiceName, serviceVersion: ProductVersion.Text)
        .AddTelemetrySdk()
        .AddAttributes(new Dictionary<string, object>
        {
            ["host.name"] = Environment.MachineName,
            ["process.pid"] = (long)Environment.ProcessId,
            ["actorinference.roles"] = roles.Select(static role => role.Name()).ToArray(),
        })
        .AddEnvironmentVariableDetector();   // Last: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
