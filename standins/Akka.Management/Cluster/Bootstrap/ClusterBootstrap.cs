using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Http.Dsl;
using Akka.Management.Dsl;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Akka.Management.Cluster.Bootstrap;

/// <summary>Makes the one <see cref="ClusterBootstrap"/> of a system. As an extension of the configuration, it starts it too.</summary>
public class ClusterBootstrapProvider : ExtensionIdProvider<ClusterBootstrap>
{
    public override ClusterBootstrap CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>
/// Forms a cluster without seed nodes in the configuration: finds the management servers of the other nodes by Akka.Discovery, asks
/// them for members to join, and, if there are none anywhere, lets the node of the lowest address begin.
/// </summary>
public class ClusterBootstrap : IExtension, IManagementRouteProvider
{
    private readonly ExtendedActorSystem _system;
    private readonly ILoggingAdapter _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private Task? _started;

    /// <exception cref="ConfigurationException">A setting of akka.management.cluster.bootstrap is wrong.</exception>
    public ClusterBootstrap(ExtendedActorSystem system)
    {
        _system = system;
        _log = Logging.GetLogger(system, GetType());
        system.Settings.InjectTopLevelFallback(AkkaManagementProvider.DefaultConfiguration());
        Settings = BootstrapSettings.Read(system.Settings.Config, system.Name);
        system.RegisterOnTermination(_stopping.Cancel);
        if (system.Settings.Config.GetStringList("akka.extensions").Any(name => name.Contains(nameof(ClusterBootstrapProvider), StringComparison.Ordinal)))
            _ = Task.Run(StartOrTerminateAsync);
    }

    internal BootstrapSettings Settings { get; }

    public static ClusterBootstrap Get(ActorSystem system) => system.WithExtension<ClusterBootstrap, ClusterBootstrapProvider>();

    /// <summary>Starts the management server, if it does not run yet, and begins to look for a cluster. A second call returns the first one's task.</summary>
    /// <exception cref="InvalidOperationException">The management server cannot listen, or seed nodes are configured too.</exception>
    public Task Start()
    {
        lock (_gate) return _started ??= StartAsync();
    }

    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) => [("/bootstrap/seed-nodes", new SeedNodesRoute())];

    private async Task StartAsync()
    {
        var cluster = AkkaCluster.Get(_system);
        if (!cluster.Settings.SeedNodes.IsEmpty)
        {
            throw new InvalidOperationException(
                $"akka.cluster.seed-nodes is [{string.Join(", ", cluster.Settings.SeedNodes)}]; it must be empty where Cluster Bootstrap is to form the cluster.");
        }

        var self = await AkkaManagement.Get(_system).Start().ConfigureAwait(false);
        var search = new BootstrapSearch(_system, Settings, self!, _log);
        _ = Task.Run(() => search.RunAsync(_stopping.Token));
    }

    private async Task StartOrTerminateAsync()
    {
        try
        {
            await Get(_system).Start().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _log.Error(e, "Cluster Bootstrap was to start with the system and could not; the system terminates: {0}", e.Message);
            await _system.Terminate().ConfigureAwait(false);
        }
    }
}
