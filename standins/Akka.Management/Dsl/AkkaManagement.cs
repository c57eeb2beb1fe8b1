using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Http.Dsl;

namespace Akka.Management.Dsl;

/// <summary>Makes the one <see cref="AkkaManagement"/> of a system. As an extension of the configuration, it starts it too.</summary>
public class AkkaManagementProvider : ExtensionIdProvider<AkkaManagement>
{
    public static Config DefaultConfiguration() => ConfigurationFactory.FromResource<AkkaManagement>("Akka.Management.reference.conf");

    public override AkkaManagement CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>An HTTP server for those who operate a node. Nothing is served before <see cref="Start()"/>.</summary>
public class AkkaManagement : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly ILoggingAdapter _log;
    private readonly IReadOnlyList<IManagementRouteProvider> _providers;
    private readonly Lock _gate = new();
    private Task<Uri?>? _started;
    private HttpServer? _server;

    public AkkaManagement(ExtendedActorSystem system)
    {
        _system = system;
        _log = Logging.GetLogger(system, GetType());
        system.Settings.InjectTopLevelFallback(AkkaManagementProvider.DefaultConfiguration());
        Settings = AkkaManagementSettings.Create(system.Settings.Config);
        if (system.Settings.Setup.Get<AkkaManagementSetup>() is { HasValue: true } setup) Settings = setup.Value.Apply(Settings);
        _providers = [.. RouteProviders.Load(system, Settings.Http.RouteProviders)];
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeClusterShutdown, "akka-management-exiting", Stop);
        if (system.Settings.Config.GetStringList("akka.extensions").Any(name => name.Contains(nameof(AkkaManagementProvider), StringComparison.Ordinal)))
            _ = Task.Run(StartOrTerminateAsync);
    }

    public AkkaManagementSettings Settings { get; }

    public static AkkaManagement Get(ActorSystem system) => system.WithExtension<AkkaManagement, AkkaManagementProvider>();

    /// <summary>All routes, for another server.</summary>
    public (string, HttpModuleBase)[] Routes() => Routes(settings => settings);

    public (string, HttpModuleBase)[] Routes(Func<ManagementRouteProviderSettings, ManagementRouteProviderSettings> transformSettings) =>
        Routes(transformSettings(ProviderSettings()));

    public Task<Uri?> Start() => Start(settings => settings);

    /// <summary>Starts the server. A second call returns the first one's task.</summary>
    /// <returns>Root of the server as others reach it, with the port that it got.</returns>
    /// <exception cref="InvalidOperationException">It cannot listen, or has no routes.</exception>
    public Task<Uri?> Start(Func<ManagementRouteProviderSettings, ManagementRouteProviderSettings> transformSettings)
    {
        lock (_gate) return _started ??= StartAsync(transformSettings(ProviderSettings()));
    }

    /// <summary>Stops the server, once requests under way are answered.</summary>
    public async Task<Done> Stop()
    {
        Task<Uri?>? started;
        lock (_gate) (started, _started) = (_started, null);
        if (started is not null) await started.ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);   // How it began is the starter's matter.
        if (Interlocked.Exchange(ref _server, null) is not { } server) return Done.Instance;
        await server.DisposeAsync().ConfigureAwait(false);
        _log.Info("Akka Management has stopped");
        return Done.Instance;
    }

    private async Task<Uri?> StartAsync(ManagementRouteProviderSettings settings)
    {
        var http = Settings.Http;
        try
        {
            var address = new IPEndPoint(await ResolveAsync(http.EffectiveBindHostname).ConfigureAwait(false), http.EffectiveBindPort);
            var server = await HttpServer.StartAsync(_system, address, new RouteTable(Routes(settings), http.BasePath)).ConfigureAwait(false);
            Interlocked.Exchange(ref _server, server);
            _log.Info("Bound Akka Management (HTTP) endpoint to: {0}:{1}", address.Address, server.Port);
            return new UriBuilder(settings.SelfBaseUri) { Port = server.Port }.Uri;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"Akka Management cannot listen on {http.EffectiveBindHostname}:{http.EffectiveBindPort} (akka.management.http): {e.Message}", e);
        }
    }

    private async Task StartOrTerminateAsync()
    {
        try
        {
            await Get(_system).Start().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _log.Error(e, "Akka Management was to start with the system and could not; the system terminates");
            await _system.Terminate().ConfigureAwait(false);
        }
    }

    private (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) => _providers.Count > 0
        ? [.. _providers.SelectMany(provider => provider.Routes(settings))]
        : throw new ArgumentException("No routes configured for akka management! akka.management.http.routes names no route provider.");

    private ManagementRouteProviderSettings ProviderSettings()
    {
        var http = Settings.Http;
        var root = new UriBuilder("http", http.Hostname, http.Port, http.BasePath.Trim('/') is { Length: > 0 } path ? path + "/" : "");
        return ManagementRouteProviderSettings.Create(root.Uri, http.RouteProvidersReadOnly);
    }

    private static async Task<IPAddress> ResolveAsync(string host)
    {
        if (IPAddress.TryParse(host, out var address)) return address;
        var addresses = await Dns.GetHostAddressesAsync(host).ConfigureAwait(false);
        return addresses.FirstOrDefault(each => each.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
    }
}
