using Akka.Actor.Setup;

namespace Akka.Management;

/// <summary>Settings given in code; what is null stays as configured.</summary>
public sealed class AkkaManagementSetup(HttpSetup http) : Setup
{
    public HttpSetup Http { get; } = http;

    internal AkkaManagementSettings Apply(AkkaManagementSettings settings) => new(settings.Http.With(Http));
}

public sealed class HttpSetup
{
    public string? HostName { get; set; }

    public int? Port { get; set; }

    public string? BindHostName { get; set; }

    public int? BindPort { get; set; }

    public string? BasePath { get; set; }

    public bool? RouteProvidersReadOnly { get; set; }
}
