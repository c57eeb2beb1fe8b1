using Akka.Hosting;
using Akka.Management.Dsl;

namespace Akka.Management;

/// <summary>Adds the management server to a hosted actor system.</summary>
public static class AkkaHostingExtensions
{
    /// <param name="autoStart">Whether it starts with the system.</param>
    public static AkkaConfigurationBuilder WithAkkaManagement(
        this AkkaConfigurationBuilder builder,
        string? hostName = null,
        int? port = null,
        string? bindHostname = null,
        int? bindPort = null,
        bool autoStart = false) => builder.WithAkkaManagement(
            new AkkaManagementOptions { HostName = hostName, Port = port, BindHostName = bindHostname, BindPort = bindPort }, autoStart);

    public static AkkaConfigurationBuilder WithAkkaManagement(
        this AkkaConfigurationBuilder builder, Action<AkkaManagementOptions> configure, bool autoStart = false)
    {
        var options = new AkkaManagementOptions();
        configure(options);
        return builder.WithAkkaManagement(options, autoStart);
    }

    public static AkkaConfigurationBuilder WithAkkaManagement(
        this AkkaConfigurationBuilder builder, AkkaManagementOptions options, bool autoStart = false)
    {
        options.Apply(builder);
        return autoStart ? builder.WithExtension<AkkaManagementProvider>() : builder;
    }

    public static AkkaConfigurationBuilder WithAkkaManagement(
        this AkkaConfigurationBuilder builder, AkkaManagementSetup setup, bool autoStart = false)
    {
        builder.AddSetup(setup);
        return autoStart ? builder.WithExtension<AkkaManagementProvider>() : builder;
    }
}
