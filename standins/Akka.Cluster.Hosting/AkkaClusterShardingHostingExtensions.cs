using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.DependencyInjection;
using Akka.Hosting;

namespace Akka.Cluster.Hosting;

/// <summary>Sharded entities for the actor system of a host. Each verb registers the region, or proxy, under its key.</summary>
public static class AkkaClusterShardingHostingExtensions
{
    /// <param name="typeName">The same on all nodes.</param>
    /// <param name="entityPropsFactory">Of an entity's id.</param>
    public static AkkaConfigurationBuilder WithShardRegion<TKey>(
        this AkkaConfigurationBuilder builder, string typeName, Func<string, Props> entityPropsFactory, IMessageExtractor messageExtractor, ShardOptions shardOptions) =>
        builder.WithShardRegion<TKey>(typeName, (_, _, _) => entityPropsFactory, messageExtractor, shardOptions);

    /// <inheritdoc cref="WithShardRegion{TKey}(AkkaConfigurationBuilder, string, Func{string, Props}, IMessageExtractor, ShardOptions)"/>
    public static AkkaConfigurationBuilder WithShardRegion<TKey>(
        this AkkaConfigurationBuilder builder,
        string typeName,
        Func<string, Props> entityPropsFactory,
        ExtractEntityId extractEntityId,
        ExtractShardId extractShardId,
        ShardOptions shardOptions) =>
        builder.WithShardRegion<TKey>(typeName, (_, _, _) => entityPropsFactory, extractEntityId, extractShardId, shardOptions);

    /// <param name="entityPropsFactory">Called once, when the region starts.</param>
    public static AkkaConfigurationBuilder WithShardRegion<TKey>(
        this AkkaConfigurationBuilder builder,
        string typeName,
        Func<ActorSystem, IActorRegistry, Func<string, Props>> entityPropsFactory,
        IMessageExtractor messageExtractor,
        ShardOptions shardOptions) =>
        builder.WithShardRegion<TKey>(typeName, (system, registry, _) => entityPropsFactory(system, registry), messageExtractor, shardOptions);

    /// <inheritdoc cref="WithShardRegion{TKey}(AkkaConfigurationBuilder, string, Func{ActorSystem, IActorRegistry, Func{string, Props}}, IMessageExtractor, ShardOptions)"/>
    public static AkkaConfigurationBuilder WithShardRegion<TKey>(
        this AkkaConfigurationBuilder builder,
        string typeName,
        Func<ActorSystem, IActorRegistry, Func<string, Props>> entityPropsFactory,
        ExtractEntityId extractEntityId,
        ExtractShardId extractShardId,
        ShardOptions shardOptions) =>
        builder.WithShardRegion<TKey>(typeName, (system, registry, _) => entityPropsFactory(system, registry), extractEntityId, extractShardId, shardOptions);

    /// <inheritdoc cref="WithShardRegion{TKey}(AkkaConfigurationBuilder, string, Func{ActorSystem, IActorRegistry, Func{string, Props}}, IMessageExtractor, ShardOptions)"/>
    public static AkkaConfigurationBuilder WithShardRegion<TKey>(
        this AkkaConfigurationBuilder builder,
        string typeName,
        Func<ActorSystem, IActorRegistry, IDependencyResolver, Func<string, Props>> entityPropsFactory,
        IMessageExtractor messageExtractor,
        ShardOptions shardOptions) => builder.WithActors(async (system, registry, resolver) =>
        {
            var sharding = ClusterSharding.Get(system);
            var settings = shardOptions.Apply(ClusterShardingSettings.Create(system));
            registry.Register<TKey>(await sharding.StartAsync(
                typeName,
                entityPropsFactory(system, registry, resolver),
                settings,
                messageExtractor,
                sharding.DefaultShardAllocationStrategy(settings),
                shardOptions.StopMessage).ConfigureAwait(false));
        });

    /// <inheritdoc cref="WithShardRegion{TKey}(AkkaConfigurationBuilder, string, Func{ActorSystem, IActorRegistry, Func{string, Props}}, IMessageExtractor, ShardOptions)"/>
    public static AkkaConfigurationBuilder WithShardRegion<TKey>(
        this AkkaConfigurationBuilder builder,
        string typeName,
        Func<ActorSystem, IActorRegistry, IDependencyResolver, Func<string, Props>> entityPropsFactory,
        ExtractEntityId extractEntityId,
        ExtractShardId extractShardId,
        ShardOptions shardOptions) => builder.WithActors(async (system, registry, resolver) =>
        {
            var sharding = ClusterSharding.Get(system);
            var settings = shardOptions.Apply(ClusterShardingSettings.Create(system));
            registry.Register<TKey>(await sharding.StartAsync(
                typeName,
                entityPropsFactory(system, registry, resolver),
                settings,
                extractEntityId,
                extractShardId,
                sharding.DefaultShardAllocationStrategy(settings),
                shardOptions.StopMessage).ConfigureAwait(false));
        });

    /// <param name="roleName">The role of the nodes that host the entities.</param>
    public static AkkaConfigurationBuilder WithShardRegionProxy<TKey>(
        this AkkaConfigurationBuilder builder, string typeName, string roleName, IMessageExtractor messageExtractor) =>
        builder.WithActors(async (system, registry, _) =>
            registry.Register<TKey>(await ClusterSharding.Get(system).StartProxyAsync(typeName, roleName, messageExtractor).ConfigureAwait(false)));

    /// <inheritdoc cref="WithShardRegionProxy{TKey}(AkkaConfigurationBuilder, string, string, IMessageExtractor)"/>
    public static AkkaConfigurationBuilder WithShardRegionProxy<TKey>(
        this AkkaConfigurationBuilder builder, string typeName, string roleName, ExtractEntityId extractEntityId, ExtractShardId extractShardId) =>
        builder.WithActors(async (system, registry, _) =>
            registry.Register<TKey>(await ClusterSharding.Get(system).StartProxyAsync(typeName, roleName, extractEntityId, extractShardId).ConfigureAwait(false)));
}
