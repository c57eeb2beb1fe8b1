using Akka.Actor;
using Akka.Hosting;

namespace Akka.Remote.Hosting;

/// <summary>Remoting for the actor system of a host.</summary>
public static class AkkaRemoteHostingExtensions
{
    /// <param name="hostname">The host name or address to listen on.</param>
    /// <param name="port">0 for any free port.</param>
    /// <param name="publicHostname">The host name that others reach this system by, if it is another.</param>
    public static AkkaConfigurationBuilder WithRemoting(
        this AkkaConfigurationBuilder builder, string? hostname = null, int? port = null, string? publicHostname = null, int? publicPort = null) =>
        builder.WithRemoting(new RemoteOptions { HostName = hostname, Port = port, PublicHostName = publicHostname, PublicPort = publicPort });

    public static AkkaConfigurationBuilder WithRemoting(this AkkaConfigurationBuilder builder, Action<RemoteOptions> configure)
    {
        var options = new RemoteOptions();
        configure(options);
        return builder.WithRemoting(options);
    }

    /// <summary>A provider that was chosen before, such as the cluster's, is kept.</summary>
    public static AkkaConfigurationBuilder WithRemoting(this AkkaConfigurationBuilder builder, RemoteOptions options)
    {
        options.Build(builder);
        if (builder.ActorRefProvider.HasValue && builder.ActorRefProvider.Value is ProviderSelection.Remote or ProviderSelection.Cluster) return builder;
        return builder.WithActorRefProvider(ProviderSelection.Remote.Instance);
    }
}
