using Akka.Configuration;

namespace Akka.Remote.Configuration;

/// <summary>Remoting's defaults.</summary>
public static class RemoteConfigFactory
{
    public static Config Default() => ConfigurationFactory.FromResource("Akka.Remote.Configuration.remote.conf", typeof(RemoteConfigFactory).Assembly);
}
