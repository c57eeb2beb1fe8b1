using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Discovery.Config;

/// <summary>Services as the configuration lists them. Thread-safe.</summary>
public class ConfigServiceDiscovery : ServiceDiscovery
{
    private ImmutableDictionary<string, Resolved> _services;

    public ConfigServiceDiscovery(ExtendedActorSystem system)
        : this(system, system.Settings.Config.GetConfig("akka.discovery.config"))
    {
    }

    /// <exception cref="ConfigurationException">An endpoint has a wrong form; the message names it.</exception>
    public ConfigServiceDiscovery(ExtendedActorSystem system, Configuration.Config config)
    {
        var path = config.GetString("services-path") ?? "akka.discovery.config.services";
        var services = system.Settings.Config.GetConfig(path) ?? Configuration.Config.Empty;
        _services = services.AsEnumerable().ToImmutableDictionary(
            service => service.Key,
            service => new Resolved(service.Key, Endpoints($"{path}.{service.Key}.endpoints", service.Value)));
    }

    public override Task<Resolved> Lookup(Lookup lookup, TimeSpan resolveTimeout) =>
        Task.FromResult(Volatile.Read(ref _services).GetValueOrDefault(lookup.ServiceName) ?? new Resolved(lookup.ServiceName));

    /// <summary>Adds a place to a service, which may be new.</summary>
    /// <returns>False if it was there.</returns>
    public bool TryAddEndpoint(string serviceName, ResolvedTarget target) =>
        Change(serviceName, places => places.Contains(target) ? places : places.Add(target));

    /// <returns>False if it was not there.</returns>
    public bool TryRemoveEndpoint(string serviceName, ResolvedTarget target) => Change(serviceName, places => places.Remove(target));

    private static IEnumerable<ResolvedTarget> Endpoints(string path, Configuration.Hocon.HoconValue service)
    {
        var endpoints = service.IsObject() ? service.GetObject().GetKey("endpoints") : null;
        if (endpoints is null) throw new ConfigurationException($"{path} is not set; it must be a list such as [\"host:8558\", \"host\"].");
        if (!endpoints.IsArray()) throw new ConfigurationException($"{path} is '{endpoints}'; it must be a list such as [\"host:8558\", \"host\"].");
        return [.. endpoints.GetArray().Select(each => Parse(path, each.GetString()))];
    }

    /// <summary>A host, with or without a port; an IPv6 address with one stands in brackets.</summary>
    private static ResolvedTarget Parse(string path, string endpoint)
    {
        var text = endpoint?.Trim() ?? "";
        var colon = text.LastIndexOf(':');
        var hasPort = colon >= 0 && (text.IndexOf(':') == colon || text.StartsWith('['));
        if (text.EndsWith(']')) hasPort = false;
        var host = (hasPort ? text[..colon] : text).Trim('[', ']');
        if (host.Length > 0 && !hasPort) return new ResolvedTarget(host);
        return host.Length > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new ResolvedTarget(host, port)
            : throw new ConfigurationException($"{path} has '{endpoint}'; each must be \"host\" or \"host:port\".");
    }

    private bool Change(string serviceName, Func<ImmutableList<ResolvedTarget>, ImmutableList<ResolvedTarget>> change)
    {
        while (true)
        {
            var before = Volatile.Read(ref _services);
            var places = before.GetValueOrDefault(serviceName)?.Addresses ?? [];
            var changed = change(places);
            if (ReferenceEquals(changed, places)) return false;
            var after = before.SetItem(serviceName, new Resolved(serviceName, changed));
            if (Interlocked.CompareExchange(ref _services, after, before) == before) return true;
        }
    }
}
