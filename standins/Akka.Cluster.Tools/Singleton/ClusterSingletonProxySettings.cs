using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>The section <c>akka.cluster.singleton-proxy</c>.</summary>
public sealed class ClusterSingletonProxySettings : INoSerializationVerificationNeeded
{
    /// <param name="bufferSize">How many messages wait while no singleton is known; beyond, the oldest are dropped. 0 for none.</param>
    public ClusterSingletonProxySettings(string singletonName, string role, TimeSpan singletonIdentificationInterval, int bufferSize)
    {
        ArgumentException.ThrowIfNullOrEmpty(singletonName);
        if (singletonIdentificationInterval <= TimeSpan.Zero)
            throw new ArgumentException($"singletonIdentificationInterval is {singletonIdentificationInterval}; it must be positive.", nameof(singletonIdentificationInterval));
        if (bufferSize is < 0 or > 10000) throw new ArgumentException($"bufferSize is {bufferSize}; it must be from 0 to 10000.", nameof(bufferSize));
        SingletonName = singletonName;
        Role = string.IsNullOrEmpty(role) ? null : role;
        SingletonIdentificationInterval = singletonIdentificationInterval;
        BufferSize = bufferSize;
    }

    public string SingletonName { get; }

    public string Role { get; }

    public TimeSpan SingletonIdentificationInterval { get; }

    public int BufferSize { get; }

    public static ClusterSingletonProxySettings Create(ActorSystem system)
    {
        ToolsDefaults.ForSingleton(system);
        return Create(system.Settings.Config.GetConfig("akka.cluster.singleton-proxy"));
    }

    public static ClusterSingletonProxySettings Create(Config config) => new(
        config.GetString("singleton-name"), config.GetString("role"), config.GetTimeSpan("singleton-identification-interval"), config.GetInt("buffer-size"));

    public ClusterSingletonProxySettings WithSingletonName(string singletonName) => new(singletonName, Role, SingletonIdentificationInterval, BufferSize);

    public ClusterSingletonProxySettings WithRole(string role) => new(SingletonName, role, SingletonIdentificationInterval, BufferSize);

    public ClusterSingletonProxySettings WithSingletonIdentificationInterval(TimeSpan interval) => new(SingletonName, Role, interval, BufferSize);

    public ClusterSingletonProxySettings WithBufferSize(int bufferSize) => new(SingletonName, Role, SingletonIdentificationInterval, bufferSize);
}
