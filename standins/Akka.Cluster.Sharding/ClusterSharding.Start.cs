using Akka.Actor;

namespace Akka.Cluster.Sharding;

/// <summary>The ways to start a region, each blocking and not.</summary>
public sealed partial class ClusterSharding
{
    /// <summary>Starts the region of this node, or a proxy if the node is not of the settings' role; a second time it returns the first.</summary>
    /// <exception cref="Akka.Configuration.ConfigurationException">The settings ask for a store that there is not.</exception>
    public IActorRef Start(
        string typeName, Props entityProps, ClusterShardingSettings settings, ExtractEntityId extractEntityId, ExtractShardId extractShardId, IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartOnce(typeName, _ => entityProps, settings, new DelegateExtractor(extractEntityId, extractShardId), allocationStrategy, handOffStopMessage).GetAwaiter().GetResult();

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Props entityProps, ClusterShardingSettings settings, ExtractEntityId extractEntityId, ExtractShardId extractShardId, IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartOnce(typeName, _ => entityProps, settings, new DelegateExtractor(extractEntityId, extractShardId), allocationStrategy, handOffStopMessage);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Props entityProps, ClusterShardingSettings settings, ExtractEntityId extractEntityId, ExtractShardId extractShardId) =>
        StartOnce(typeName, _ => entityProps, settings, new DelegateExtractor(extractEntityId, extractShardId), DefaultShardAllocationStrategy(settings), PoisonPill.Instance).GetAwaiter().GetResult();

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Props entityProps, ClusterShardingSettings settings, ExtractEntityId extractEntityId, ExtractShardId extractShardId) =>
        StartOnce(typeName, _ => entityProps, settings, new DelegateExtractor(extractEntityId, extractShardId), DefaultShardAllocationStrategy(settings), PoisonPill.Instance);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor, IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartOnce(typeName, _ => entityProps, settings, messageExtractor, allocationStrategy, handOffStopMessage).GetAwaiter().GetResult();

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor, IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartOnce(typeName, _ => entityProps, settings, messageExtractor, allocationStrategy, handOffStopMessage);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        StartOnce(typeName, _ => entityProps, settings, messageExtractor, DefaultShardAllocationStrategy(settings), PoisonPill.Instance).GetAwaiter().GetResult();

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Props entityProps, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        StartOnce(typeName, _ => entityProps, settings, messageExtractor, DefaultShardAllocationStrategy(settings), PoisonPill.Instance);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, ExtractEntityId extractEntityId, ExtractShardId extractShardId, IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartOnce(typeName, entityPropsFactory, settings, new DelegateExtractor(extractEntityId, extractShardId), allocationStrategy, handOffStopMessage).GetAwaiter().GetResult();

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, ExtractEntityId extractEntityId, ExtractShardId extractShardId, IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartOnce(typeName, entityPropsFactory, settings, new DelegateExtractor(extractEntityId, extractShardId), allocationStrategy, handOffStopMessage);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, ExtractEntityId extractEntityId, ExtractShardId extractShardId) =>
        StartOnce(typeName, entityPropsFactory, settings, new DelegateExtractor(extractEntityId, extractShardId), DefaultShardAllocationStrategy(settings), PoisonPill.Instance).GetAwaiter().GetResult();

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, ExtractEntityId extractEntityId, ExtractShardId extractShardId) =>
        StartOnce(typeName, entityPropsFactory, settings, new DelegateExtractor(extractEntityId, extractShardId), DefaultShardAllocationStrategy(settings), PoisonPill.Instance);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor, IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartOnce(typeName, entityPropsFactory, settings, messageExtractor, allocationStrategy, handOffStopMessage).GetAwaiter().GetResult();

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor, IShardAllocationStrategy allocationStrategy, object handOffStopMessage) =>
        StartOnce(typeName, entityPropsFactory, settings, messageExtractor, allocationStrategy, handOffStopMessage);

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public IActorRef Start(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        StartOnce(typeName, entityPropsFactory, settings, messageExtractor, DefaultShardAllocationStrategy(settings), PoisonPill.Instance).GetAwaiter().GetResult();

    /// <inheritdoc cref="Start(string, Props, ClusterShardingSettings, ExtractEntityId, ExtractShardId, IShardAllocationStrategy, object)"/>
    public Task<IActorRef> StartAsync(
        string typeName, Func<string, Props> entityPropsFactory, ClusterShardingSettings settings, IMessageExtractor messageExtractor) =>
        StartOnce(typeName, entityPropsFactory, settings, messageExtractor, DefaultShardAllocationStrategy(settings), PoisonPill.Instance);

    /// <summary>Starts what tells messages to entities on other nodes.</summary>
    /// <param name="role">Of the nodes that host them; null for all.</param>
    public IActorRef StartProxy(string typeName, string role, IMessageExtractor messageExtractor) =>
        StartProxyOnce(typeName, role, messageExtractor).GetAwaiter().GetResult();

    /// <inheritdoc cref="StartProxy(string, string, IMessageExtractor)"/>
    public IActorRef StartProxy(string typeName, string role, ExtractEntityId extractEntityId, ExtractShardId extractShardId) =>
        StartProxyOnce(typeName, role, new DelegateExtractor(extractEntityId, extractShardId)).GetAwaiter().GetResult();

    /// <inheritdoc cref="StartProxy(string, string, IMessageExtractor)"/>
    public Task<IActorRef> StartProxyAsync(string typeName, string role, IMessageExtractor messageExtractor) =>
        StartProxyOnce(typeName, role, messageExtractor);

    /// <inheritdoc cref="StartProxy(string, string, IMessageExtractor)"/>
    public Task<IActorRef> StartProxyAsync(string typeName, string role, ExtractEntityId extractEntityId, ExtractShardId extractShardId) =>
        StartProxyOnce(typeName, role, new DelegateExtractor(extractEntityId, extractShardId));
}
