using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Akka.Configuration;

namespace Akka.Management;

/// <summary>The section <c>akka.management</c>, checked.</summary>
public class AkkaManagementSettings
{
    internal AkkaManagementSettings(Http http) => Http = http;

    public Http Http { get; }

    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static AkkaManagementSettings Create(Config config) => new(Http.Create(config));
}

/// <summary>The section <c>akka.management.http</c>, checked.</summary>
public class Http
{
    private const string Unset = "<hostname>";

    public required string Hostname { get; init; }

    public required int Port { get; init; }

    public required string EffectiveBindHostname { get; init; }

    public required int EffectiveBindPort { get; init; }

    public required string BasePath { get; init; }

    public required ImmutableList<NamedRouteProvider> RouteProviders { get; init; }

    public required bool RouteProvidersReadOnly { get; init; }

    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static Http Create(Config config)
    {
        var section = config.GetConfig("akka.management.http");
        var bindPort = section.GetString("bind-port");
        var bindHostname = section.GetString("bind-hostname");
        var hostname = HostnameOr(section.GetString("hostname"));
        var port = CheckPort("port", section.GetString("port"));
        var routes = section.GetConfig("routes") ?? Config.Empty;
        return new Http
        {
            Hostname = hostname,
            Port = port,
            EffectiveBindHostname = string.IsNullOrEmpty(bindHostname) ? hostname : bindHostname,
            EffectiveBindPort = string.IsNullOrEmpty(bindPort) ? port : CheckPort("bind-port", bindPort),
            BasePath = section.GetString("base-path") ?? "",
            RouteProviders = [.. routes.AsEnumerable()
                .Where(route => route.Value.GetString() is not (null or "" or "null"))
                .Select(route => new NamedRouteProvider(route.Key, route.Value.GetString()))],
            RouteProvidersReadOnly = section.GetBoolean("route-providers-read-only", true),
        };
    }

    internal Http With(HttpSetup setup) => new()
    {
        Hostname = setup.HostName ?? Hostname,
        Port = setup.Port ?? Port,
        EffectiveBindHostname = setup.BindHostName ?? (EffectiveBindHostname == Hostname ? setup.HostName : null) ?? EffectiveBindHostname,
        EffectiveBindPort = setup.BindPort ?? (EffectiveBindPort == Port ? setup.Port : null) ?? EffectiveBindPort,
        BasePath = setup.BasePath ?? BasePath,
        RouteProviders = RouteProviders,
        RouteProvidersReadOnly = setup.RouteProvidersReadOnly ?? RouteProvidersReadOnly,
    };

    private static string HostnameOr(string? given)
    {
        if (!string.IsNullOrWhiteSpace(given) && given != Unset) return given;
        return Dns.GetHostAddresses(Dns.GetHostName()).First(each => !each.Equals(IPAddress.Any) && !each.Equals(IPAddress.IPv6Any)).ToString();
    }

    private static int CheckPort(string key, string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? port
            : throw new ConfigurationException($"akka.management.http.{key} is '{text}'; it must be a port from 0 to 65535.");
}

/// <summary>A route provider of the configuration.</summary>
public sealed record NamedRouteProvider(string Name, string FullyQualifiedClassName);
