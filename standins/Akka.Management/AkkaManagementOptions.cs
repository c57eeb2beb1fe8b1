using System.Text;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Management.Dsl;

namespace Akka.Management;

/// <summary>The settings of a host; what is null stays as configured.</summary>
public class AkkaManagementOptions
{
    /// <summary>Name or address that others reach the node at.</summary>
    public string? HostName { get; set; }

    /// <summary>0 takes a free one.</summary>
    public int? Port { get; set; }

    public string? BindHostName { get; set; }

    public int? BindPort { get; set; }

    public string? BasePath { get; set; }

    /// <summary>By name; null leaves out one that a package brings.</summary>
    public Dictionary<string, Type?>? RouteProviders { get; set; }

    public bool? RouteProvidersReadOnly { get; set; }

    /// <exception cref="ConfigurationException">It was added before.</exception>
    public AkkaManagementOptions WithRouteProvider<T>(string name)
        where T : IManagementRouteProvider
    {
        RouteProviders ??= [];
        if (RouteProviders.ContainsValue(typeof(T))) throw new ConfigurationException($"The route provider {typeof(T)} is added twice.");
        RouteProviders[name] = typeof(T);
        return this;
    }

    public void Apply(AkkaConfigurationBuilder builder)
    {
        var hocon = new StringBuilder();
        Append(hocon, "hostname", HostName?.ToHocon());
        Append(hocon, "port", Port?.ToHocon());
        Append(hocon, "bind-hostname", BindHostName?.ToHocon());
        Append(hocon, "bind-port", BindPort?.ToHocon());
        Append(hocon, "base-path", BasePath?.ToHocon());
        Append(hocon, "route-providers-read-only", RouteProvidersReadOnly?.ToHocon());
        foreach (var (name, type) in RouteProviders ?? [])
            Append(hocon, $"routes.{name.ToHocon()}", (type is null ? "" : $"{type.FullName}, {type.Assembly.GetName().Name}").ToHocon());
        if (hocon.Length > 0) builder.AddHocon(hocon.ToString(), HoconAddMode.Prepend);
    }

    private static void Append(StringBuilder hocon, string key, string? value)
    {
        if (value is not null) hocon.AppendLine($"akka.management.http.{key} = {value}");
    }
}
