using System.Text;
using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.Singleton;
using Akka.DependencyInjection;
using Akka.Hosting;

namespace Akka.Cluster.Hosting;

/// <summary>The cluster for the actor system of a host.</summary>
public static class AkkaClusterHostingExtensions
{
    /// <summary>Makes the system a node. It joins by its seed nodes, or when it is told to.</summary>
    public static AkkaConfigurationBuilder WithClustering(this AkkaConfigurationBuilder builder, ClusterOptions? options = null)
    {
        var hocon = Build(options ?? new ClusterOptions());
        if (hocon.Length > 0) builder.AddHocon(hocon, HoconAddMode.Prepend);
        return builder.WithActorRefProvider(ProviderSelection.Cluster.Instance);
    }

    /// <summary>Takes part in running a singleton. Registers its proxy under <typeparamref name="TKey"/>, if one is wanted.</summary>
    public static AkkaConfigurationBuilder WithSingleton<TKey>(
        this AkkaConfigurationBuilder builder, string singletonName, Props actorProps, ClusterSingletonOptions? options = null, bool createProxyToo = true) =>
        builder.WithSingleton<TKey>(singletonName, (_, _, _) => actorProps, options, createProxyToo);

    public static AkkaConfigurationBuilder WithSingleton<TKey>(
        this AkkaConfigurationBuilder builder,
        string singletonName,
        Func<ActorSystem, IActorRegistry, IDependencyResolver, Props> propsFactory,
        ClusterSingletonOptions? options = null,
        bool createProxyToo = true) => builder.WithActors((system, registry, resolver) =>
        {
            var settings = ClusterSingletonManagerSettings.Create(system).WithSingletonName(singletonName);
            if (options?.Role is { Length: > 0 } role) settings = settings.WithRole(role);
            var props = ClusterSingletonManager.Props(propsFactory(system, registry, resolver), options?.TerminationMessage ?? PoisonPill.Instance, settings);
            var manager = system.ActorOf(props, singletonName);
            if (createProxyToo) StartProxy<TKey>(system, registry, singletonName, options, manager.Path.ToStringWithoutAddress());
        });

    /// <summary>Reaches a singleton that other nodes run. Registers the proxy under <typeparamref name="TKey"/>.</summary>
    /// <param name="singletonManagerPath">Null for where <see cref="WithSingleton{TKey}(AkkaConfigurationBuilder, string, Props, ClusterSingletonOptions, bool)"/> puts it.</param>
    public static AkkaConfigurationBuilder WithSingletonProxy<TKey>(
        this AkkaConfigurationBuilder builder, string singletonName, ClusterSingletonOptions? options = null, string? singletonManagerPath = null) =>
        builder.WithActors((system, registry) => StartProxy<TKey>(system, registry, singletonName, options, singletonManagerPath ?? $"/user/{singletonName}"));

    /// <summary>Starts the mediator, and registers it under <see cref="DistributedPubSub"/>.</summary>
    /// <param name="role">Only nodes of that role take part; empty for all.</param>
    public static AkkaConfigurationBuilder WithDistributedPubSub(this AkkaConfigurationBuilder builder, string role)
    {
        if (!string.IsNullOrEmpty(role)) builder.AddHocon($"akka.cluster.pub-sub.role = {role.ToHocon()}", HoconAddMode.Prepend);
        return builder.WithActors((system, registry) => registry.TryRegister<DistributedPubSub>(DistributedPubSub.Get(system).Mediator));
    }

    private static void StartProxy<TKey>(ActorSystem system, IActorRegistry registry, string name, ClusterSingletonOptions? options, string managerPath)
    {
        var settings = ClusterSingletonProxySettings.Create(system).WithSingletonName(name);
        if (options?.Role is { Length: > 0 } role) settings = settings.WithRole(role);
        if (options?.BufferSize is { } bufferSize) settings = settings.WithBufferSize(bufferSize);
        registry.Register<TKey>(system.ActorOf(ClusterSingletonProxy.Props(managerPath, settings), $"{name}-proxy"));
    }

    private static string Build(ClusterOptions options)
    {
        var hocon = new StringBuilder();
        Add(hocon, "roles", options.Roles is { Length: > 0 } roles ? List(roles) : null);
        foreach (var (role, count) in options.MinimumNumberOfMembersPerRole ?? []) Add(hocon, $"role.{role.ToHocon()}.min-nr-of-members", count.ToHocon());
        Add(hocon, "seed-nodes", options.SeedNodes is { Length: > 0 } seeds ? List(seeds) : null);
        Add(hocon, "min-nr-of-members", options.MinimumNumberOfMembers?.ToHocon());
        Add(hocon, "app-version", options.AppVersion?.ToHocon());
        Add(hocon, "log-info", options.LogInfo?.ToHocon());
        Add(hocon, "log-info-verbose", options.LogInfoVerbose?.ToHocon());
        if (options.FailureDetector is { } detector)
        {
            Add(hocon, "failure-detector.heartbeat-interval", detector.HeartbeatInterval?.ToHocon());
            Add(hocon, "failure-detector.threshold", detector.Threshold?.ToHocon());
            Add(hocon, "failure-detector.max-sample-size", detector.MaxSampleSize?.ToHocon());
            Add(hocon, "failure-detector.min-std-deviation", detector.MinStandardDeviation?.ToHocon());
            Add(hocon, "failure-detector.acceptable-heartbeat-pause", detector.AcceptableHeartbeatPause?.ToHocon());
            Add(hocon, "unreachable-nodes-reaper-interval", detector.UnreachableNodesReaperInterval?.ToHocon());
            Add(hocon, "failure-detector.expected-response-after", detector.ExpectedResponseAfter?.ToHocon());
        }

        options.SplitBrainResolver?.Build(hocon);
        return hocon.ToString();
    }

    private static void Add(StringBuilder hocon, string key, string? value)
    {
        if (value is not null) hocon.AppendLine($"akka.cluster.{key} = {value}");
    }

    private static string List(string[] values) => $"[{string.Join(", ", values.Select(value => value.ToHocon()))}]";
}
