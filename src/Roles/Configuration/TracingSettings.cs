using Akka.Configuration;

namespace ActorInference.Roles.Configuration;

/// <summary>Where spans of requests are sent: the section <c>actor-inference.tracing</c>.</summary>
/// <param name="Endpoint">Of a collector; null leaves it to the environment.</param>
/// <param name="Protocol"><c>grpc</c> or <c>http/protobuf</c>; null leaves it to the environment and the endpoint.</param>
/// <param name="Sample">Part of the traces that begin here which is recorded, 0 to 1.</param>
public sealed record TracingSettings(Uri? Endpoint, string? Protocol, double Sample)
{
    /// <summary>Path of the section.</summary>
    public const string Section = InferenceSettings.Root + ".tracing";

    /// <summary>Path of the endpoint.</summary>
    public const string EndpointKey = Section + ".endpoint";

    private const string Automatic = "auto";

    private static readonly string[] Protocols = [Automatic, "grpc", "http/protobuf"];

    /// <summary>Whether a text is the address of a collector.</summary>
    public static bool IsEndpoint(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https") && uri.Host.Length > 0;

    internal static TracingSettings Read(ConfigSection section)
    {
        var endpoint = section.Text("endpoint");
        if (endpoint.Length > 0 && !IsEndpoint(endpoint))
            throw new ConfigurationException($"{EndpointKey} is '{endpoint}'; expected the address of a collector, such as http://127.0.0.1:4317.");
        var settings = new TracingSettings(
            endpoint.Length == 0 ? null : new Uri(endpoint),
            section.OneOf("protocol", Protocols) is var protocol and not Automatic ? protocol : null,
            section.Number("sample", 0, 1));
        section.CheckNoOthers();
        return settings;
    }
}
