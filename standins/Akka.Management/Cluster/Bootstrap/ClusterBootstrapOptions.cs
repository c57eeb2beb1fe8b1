using System.Text;
using Akka.Hosting;

namespace Akka.Management.Cluster.Bootstrap;

/// <summary>Settings of Cluster Bootstrap; what is null stays as configured.</summary>
public class ClusterBootstrapOptions
{
    public bool? NewClusterEnabled { get; set; }

    public ContactPointDiscoveryOptions ContactPointDiscovery { get; set; } = new();

    public ContactPointOptions ContactPoint { get; set; } = new();

    internal void Apply(AkkaConfigurationBuilder builder)
    {
        var hocon = new StringBuilder();
        Append(hocon, "new-cluster-enabled", NewClusterEnabled?.ToHocon());
        Append(hocon, "contact-point-discovery.service-name", ContactPointDiscovery.ServiceName?.ToHocon());
        Append(hocon, "contact-point-discovery.service-namespace", ContactPointDiscovery.ServiceNamespace?.ToHocon());
        Append(hocon, "contact-point-discovery.port-name", ContactPointDiscovery.PortName?.ToHocon());
        Append(hocon, "contact-point-discovery.required-contact-point-nr", ContactPointDiscovery.RequiredContactPointsNr?.ToHocon());
        Append(hocon, "contact-point-discovery.stable-margin", ContactPointDiscovery.StableMargin?.ToHocon());
        Append(hocon, "contact-point-discovery.interval", ContactPointDiscovery.Interval?.ToHocon());
        Append(hocon, "contact-point-discovery.contact-with-all-contact-points", ContactPointDiscovery.ContactWithAllContactPoints?.ToHocon());
        Append(hocon, "contact-point.fallback-port", ContactPoint.FallbackPort?.ToHocon());
        Append(hocon, "contact-point.filter-on-fallback-port", ContactPoint.FilterOnFallbackPort?.ToHocon());
        Append(hocon, "contact-point.probing-failure-timeout", ContactPoint.ProbingFailureTimeout?.ToHocon());
        Append(hocon, "contact-point.probe-interval", ContactPoint.ProbeInterval?.ToHocon());
        if (hocon.Length > 0) builder.AddHocon(hocon.ToString(), HoconAddMode.Prepend);
    }

    private static void Append(StringBuilder hocon, string key, string? value)
    {
        if (value is not null) hocon.AppendLine($"akka.management.cluster.bootstrap.{key} = {value}");
    }
}

public class ContactPointDiscoveryOptions
{
    public string? ServiceName { get; set; }

    public string? ServiceNamespace { get; set; }

    public string? PortName { get; set; }

    public int? RequiredContactPointsNr { get; set; }

    public TimeSpan? StableMargin { get; set; }

    public TimeSpan? Interval { get; set; }

    public bool? ContactWithAllContactPoints { get; set; }
}

public class ContactPointOptions
{
    public int? FallbackPort { get; set; }

    public bool? FilterOnFallbackPort { get; set; }

    public TimeSpan? ProbingFailureTimeout { get; set; }

    public TimeSpan? ProbeInterval { get; set; }
}

/// <summary>Adds Cluster Bootstrap to a hosted actor system.</summary>
public static class AkkaHostingExtensions
{
    /// <param name="autoStart">Whether it starts with the system, and the management server too.</param>
    public static AkkaConfigurationBuilder WithClusterBootstrap(
        this AkkaConfigurationBuilder builder,
        string? serviceName = null,
        string? serviceNamespace = null,
        string? portName = null,
        int? requiredContactPoints = null,
        bool? newClusterEnabled = null,
        bool autoStart = true) => builder.WithClusterBootstrap(
            new ClusterBootstrapOptions
            {
                NewClusterEnabled = newClusterEnabled,
                ContactPointDiscovery =
                {
                    ServiceName = serviceName, ServiceNamespace = serviceNamespace, PortName = portName, RequiredContactPointsNr = requiredContactPoints,
                },
            },
            autoStart);

    public static AkkaConfigurationBuilder WithClusterBootstrap(
        this AkkaConfigurationBuilder builder, Action<ClusterBootstrapOptions> configure, bool autoStart = true)
    {
        var options = new ClusterBootstrapOptions();
        configure(options);
        return builder.WithClusterBootstrap(options, autoStart);
    }

    public static AkkaConfigurationBuilder WithClusterBootstrap(
        this AkkaConfigurationBuilder builder, ClusterBootstrapOptions options, bool autoStart = true)
    {
        options.Apply(builder);
        return autoStart ? builder.WithExtension<ClusterBootstrapProvider>() : builder;
    }
}
