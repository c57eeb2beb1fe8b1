using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Tools.Singleton;

public class ClusterSingletonProvider : ExtensionIdProvider<ClusterSingleton>
{
    public override ClusterSingleton CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>Starts singletons, and gives the proxies to them.</summary>
public class ClusterSingleton : IExtension
{
    private readonly ConcurrentDictionary<string, Lazy<IActorRef>> _proxies = new();
    private readonly ExtendedActorSystem _system;

    public ClusterSingleton(ExtendedActorSystem system)
    {
        _system = system;
    }

    public static ClusterSingleton Get(ActorSystem system) => system.WithExtension<ClusterSingleton, ClusterSingletonProvider>();

    /// <summary>Has this node take its part in running the singleton, if it has the role, and returns the proxy. Of one name there is one.</summary>
    public IActorRef Init(SingletonActor singleton) => _proxies.GetOrAdd(singleton.Name, _ => new Lazy<IActorRef>(() => Start(singleton))).Value;

    private IActorRef Start(SingletonActor singleton)
    {
        var settings = singleton.Settings.HasValue ? singleton.Settings.Value : ClusterSingletonSettings.Create(_system);
        var managerName = $"singletonManager{singleton.Name}";
        if (settings.Role is null || Cluster.Get(_system).SelfRoles.Contains(settings.Role))
        {
            var stop = singleton.StopMessage.HasValue ? singleton.StopMessage.Value : PoisonPill.Instance;
            _system.SystemActorOf(ClusterSingletonManager.Props(singleton.Props, stop, settings.ToManagerSettings(singleton.Name)), managerName);
        }

        return _system.SystemActorOf(
            ClusterSingletonProxy.Props($"/system/{managerName}", settings.ToProxySettings(singleton.Name)), $"singletonProxy{singleton.Name}");
    }
}

/// <summary>What <see cref="ClusterSingleton.Init"/> is to start.</summary>
public class SingletonActor
{
    private SingletonActor(string name, Props props, Akka.Util.Option<object> stopMessage, Akka.Util.Option<ClusterSingletonSettings> settings)
    {
        Name = name;
        Props = props;
        StopMessage = stopMessage;
        Settings = settings;
    }

    public string Name { get; }

    public Props Props { get; }

    public Akka.Util.Option<object> StopMessage { get; }

    public Akka.Util.Option<ClusterSingletonSettings> Settings { get; }

    public static SingletonActor Create(Props props, string name) =>
        new(name, props, Akka.Util.Option<object>.None, Akka.Util.Option<ClusterSingletonSettings>.None);

    public SingletonActor WithStopMessage(object stopMessage) => new(Name, Props, stopMessage, Settings);

    public SingletonActor WithProps(Props props) => new(Name, props, StopMessage, Settings);

    public SingletonActor WithSettings(ClusterSingletonSettings settings) => new(Name, Props, StopMessage, settings);
}

/// <summary>The settings of a singleton's managers and proxies together.</summary>
public class ClusterSingletonSettings : INoSerializationVerificationNeeded
{
    private ClusterSingletonSettings(string role, TimeSpan identificationInterval, TimeSpan removalMargin, TimeSpan handOverRetryInterval, int bufferSize)
    {
        Role = string.IsNullOrEmpty(role) ? null : role;
        SingletonIdentificationInterval = identificationInterval;
        RemovalMargin = removalMargin;
        HandOverRetryInterval = handOverRetryInterval;
        BufferSize = bufferSize;
    }

    public string Role { get; }

    public TimeSpan SingletonIdentificationInterval { get; }

    public TimeSpan RemovalMargin { get; }

    public TimeSpan HandOverRetryInterval { get; }

    public int BufferSize { get; }

    public static ClusterSingletonSettings Create(ActorSystem system)
    {
        ToolsDefaults.ForSingleton(system);
        return Create(system.Settings.Config.GetConfig("akka.cluster"));
    }

    public static ClusterSingletonSettings Create(Config config)
    {
        var manager = ClusterSingletonManagerSettings.Create(config.GetConfig("singleton"));
        var proxy = ClusterSingletonProxySettings.Create(config.GetConfig("singleton-proxy"));
        return new ClusterSingletonSettings(
            manager.Role, proxy.SingletonIdentificationInterval, manager.RemovalMargin, manager.HandOverRetryInterval, proxy.BufferSize);
    }

    public ClusterSingletonSettings WithRole(string role) => new(role, SingletonIdentificationInterval, RemovalMargin, HandOverRetryInterval, BufferSize);

    public ClusterSingletonSettings WithRemovalMargin(TimeSpan removalMargin) =>
        new(Role, SingletonIdentificationInterval, removalMargin, HandOverRetryInterval, BufferSize);

    public ClusterSingletonSettings WithHandOverRetryInterval(TimeSpan handOverRetryInterval) =>
        new(Role, SingletonIdentificationInterval, RemovalMargin, handOverRetryInterval, BufferSize);

    internal ClusterSingletonManagerSettings ToManagerSettings(string name) => new(name, Role, RemovalMargin, HandOverRetryInterval);

    internal ClusterSingletonProxySettings ToProxySettings(string name) => new(name, Role, SingletonIdentificationInterval, BufferSize);
}
