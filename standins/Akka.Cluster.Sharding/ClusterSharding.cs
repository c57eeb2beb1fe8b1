using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding.Serialization;
using Akka.Configuration;
using Akka.Pattern;

namespace Akka.Cluster.Sharding;

/// <summary>Makes the one <see cref="ClusterSharding"/> of a system.</summary>
public sealed class ClusterShardingExtensionProvider : ExtensionIdProvider<ClusterSharding>
{
    public override ClusterSharding CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>Entities that live once in the cluster, wherever that is, and are told messages through the region of any node.</summary>
public sealed partial class ClusterSharding : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly Cluster _cluster;
    private readonly IActorRef _guardian;
    private readonly TimeSpan _startTimeout;
    private readonly ConcurrentDictionary<string, IActorRef> _regions = new();
    private readonly ConcurrentDictionary<string, IActorRef> _proxies = new();

    /// <exception cref="ConfigurationException">The system is no node of a cluster, or a setting cannot be used.</exception>
    public ClusterSharding(ExtendedActorSystem system)
    {
        _system = system;
        _cluster = Cluster.Get(system);
        system.Settings.InjectTopLevelFallback(DefaultConfig());
        var serializer = new ClusterShardingMessageSerializer(system);
        system.Serialization.AddSerializer("akka-sharding", serializer);
        system.Serialization.AddSerializationMap(typeof(IClusterShardingSerializable), serializer);
        _startTimeout = system.Settings.Config.GetTimeSpan("akka.actor.creation-timeout");
        var name = system.Settings.Config.GetString("akka.cluster.sharding.guardian-name");
        _guardian = system.SystemActorOf(Props.Create(() => new ClusterShardingGuardian()).WithDispatcher("akka.actor.internal-dispatcher"), name);
    }

    /// <summary>The settings of the configuration.</summary>
    public ClusterShardingSettings Settings => ClusterShardingSettings.Create(_system);

    /// <summary>The types whose regions have been started on this node.</summary>
    public ImmutableHashSet<string> ShardTypeNames => [.. _regions.Keys];

    public static ClusterSharding Get(ActorSystem system) => system.WithExtension<ClusterSharding, ClusterShardingExtensionProvider>();

    public static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("Akka.Cluster.Sharding.Configuration.sharding.conf", typeof(ClusterSharding).Assembly);

    /// <summary>The region of this node.</summary>
    /// <exception cref="IllegalStateException">It has not been started.</exception>
    public IActorRef ShardRegion(string typeName) =>
        _regions.TryGetValue(typeName, out var region) || _proxies.TryGetValue(typeName, out region)
            ? region
            : throw new IllegalStateException($"Shard type [{typeName}] must be started first. Started are [{string.Join(", ", _regions.Keys)}], proxies [{string.Join(", ", _proxies.Keys)}].");

    /// <summary>The proxy of this node.</summary>
    /// <exception cref="IllegalStateException">It has not been started.</exception>
    public IActorRef ShardRegionProxy(string typeName) => _proxies.TryGetValue(typeName, out var proxy)
        ? proxy
        : throw new IllegalStateException($"Shard type [{typeName}] must be started first. Started proxies are [{string.Join(", ", _proxies.Keys)}].");

    public IShardAllocationStrategy DefaultShardAllocationStrategy(ClusterShardingSettings settings)
    {
        var tuning = settings.TuningParameters;
        return tuning.LeastShardAllocationAbsoluteLimit > 0
            ? ShardAllocationStrategy.LeastShardAllocationStrategy(tuning.LeastShardAllocationAbsoluteLimit, tuning.LeastShardAllocationRelativeLimit)
            : new LeastShardAllocationStrategy(tuning.LeastShardAllocationRebalanceThreshold, tuning.LeastShardAllocationMaxSimultaneousRebalance);
    }

    private Task<IActorRef> StartProxyOnce(string typeName, string role, IMessageExtractor extractor)
    {
        var settings = Settings.WithRole(role);
        return Once(_proxies, typeName, new ClusterShardingGuardian.StartRegionProxy(typeName, settings, extractor));
    }

    private Task<IActorRef> StartOnce(
        string typeName,
        Func<string, Props> entityProps,
        ClusterShardingSettings settings,
        IMessageExtractor extractor,
        IShardAllocationStrategy strategy,
        object handOffStopMessage)
    {
        ArgumentException.ThrowIfNullOrEmpty(typeName);
        ArgumentNullException.ThrowIfNull(extractor);
        settings.Check();
        if (!settings.ShouldHostShard(_cluster)) return StartProxyOnce(typeName, settings.Role, extractor);
        if (settings.StateStoreMode == StateStoreMode.Persistence || settings.RememberEntities) Akka.Persistence.Persistence.Instance.Apply(_system);
        return Once(_regions, typeName, new ClusterShardingGuardian.StartRegion(typeName, entityProps, settings, extractor, strategy, handOffStopMessage));
    }

    private async Task<IActorRef> Once(ConcurrentDictionary<string, IActorRef> started, string typeName, object start)
    {
        if (started.TryGetValue(typeName, out var known)) return known;
        var answer = await _guardian.Ask<ClusterShardingGuardian.Started>(start, _startTimeout).ConfigureAwait(false);
        return started.GetOrAdd(typeName, answer.Region);
    }
}
