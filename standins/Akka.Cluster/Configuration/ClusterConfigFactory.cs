using Akka.Configuration;

namespace Akka.Cluster.Configuration;

/// <summary>The cluster's defaults.</summary>
public static class ClusterConfigFactory
{
    public static Config Default() => ConfigurationFactory.FromResource("Akka.Cluster.Configuration.cluster.conf", typeof(ClusterConfigFactory).Assembly);
}
