using System.Net;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Host.Consoles;
using ActorInference.Host.Management;
using ActorInference.Host.Metrics;
using Akka.Actor;
using Akka.Hosting;
using Akka.Management;
using Akka.Management.Dsl;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Composition;

/// <summary>What operators reach a node by: management routes, on loopback unless configured otherwise, and the console, on loopback.</summary>
public sealed class Operations : IDisposable
{
    private readonly ReservedPort? _management;
    private readonly ReservedPort? _console;
    private readonly IPAddress _managementHost;
    private readonly MetricsCollector _collector;

    private Operations(IPAddress managementHost, ReservedPort? management, ReservedPort? console)
    {
        _managementHost = managementHost;
        _management = management;
        _console = console;
        _collector = new MetricsCollector(Metrics.Meter);
    }

    /// <summary>What the process measures; the route /metrics shows it.</summary>
    public InferenceMetrics Metrics { get; } = new();

    /// <summary>Holds the ports, before anything slow is done.</summary>
    /// <param name="options">Of the process.</param>
    /// <param name="mainPort">Taken by the API, though perhaps not yet bound; 0 for none.</param>
    /// <param name="note">Told when a default gave way.</param>
    /// <exception cref="UserErrorException">The user asked for a port that is taken.</exception>
    public static Operations Reserve(ProcessOptions options, int mainPort, Action<string> note)
    {
        if (options is { ManagementPort: { IsGiven: true, Port: { } port and not 0 }, CmdPort: { IsGiven: true, Port: { } other } } && port == other)
            throw new UserErrorException($"--management-port and --cmd-port are both '{port}'; expected different ports.");
        var host = options.Config.Settings.Management.Host;
        var management = ReservedPort.Take("--management-port", options.ManagementPort, mainPort, note, host);
        try
        {
            return new Operations(host, management, ReservedPort.Take("--cmd-port", options.CmdPort, mainPort, note, IPAddress.Loopback));
        }
        catch
        {
            management?.Dispose();
            throw;
        }
    }

    /// <summary>Configures both, for <see cref="StartAsync"/>.</summary>
    public void Configure(AkkaConfigurationBuilder akka)
    {
        if (_management is not null)
        {
            var options = new AkkaManagementOptions
            {
                HostName = IsAny(_managementHost) ? null : _managementHost.ToString(),
                Port = _management.Port,
                BindHostName = _managementHost.ToString(),
                RouteProvidersReadOnly = false,   // The routes that change something look after themselves.
            };
            akka.AddSetup(new MetricsSetup(_collector)).WithAkkaManagement(options
                .WithRouteProvider<HealthRoutes>("health")
                .WithRouteProvider<RoleRoutes>("roles")
                .WithRouteProvider<ClusterRoutes>("cluster")
                .WithRouteProvider<CacheRoutes>("cache")
                .WithRouteProvider<MetricsRoutes>("metrics"));
        }

        if (_console is not null)
            akka.AddHocon($"petabridge.cmd {{ host = \"{IPAddress.Loopback}\", port = {_console.Port} }}", HoconAddMode.Prepend);
    }

    /// <summary>Starts both. A default port that was lost to another process meanwhile costs only what it was for.</summary>
    /// <returns>Lines that say where they are.</returns>
    /// <exception cref="UserErrorException">A port that the user asked for was lost to another process meanwhile.</exception>
    public async Task<IReadOnlyList<string>> StartAsync(ActorSystem system, ILogger log)
    {
        var lines = new List<string>();
        if (_management is not null && await _management.ListenAsync(() => AkkaManagement.Get(system).Start(), log))
            lines.Add($"Management: curl http://{new IPEndPoint(IsAny(_managementHost) ? IPAddress.Loopback : _managementHost, _management.Port)}/ready");
        if (_console is not null && await _console.ListenAsync(() => StartConsole(system), log))
            lines.Add($"Console: actorinference cmd {IPAddress.Loopback}:{_console.Port}");
        return lines;
    }

    public void Dispose()
    {
        _management?.Dispose();
        _console?.Dispose();
        _collector.Dispose();
        Metrics.Dispose();
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static Task StartConsole(ActorSystem system)
    {
        var cmd = PetabridgeCmd.Get(system);
        cmd.RegisterCommandPalette(ClusterCommands.Instance);
        cmd.RegisterCommandPalette(ShardingCommands.Instance);
        cmd.RegisterCommandPalette(WorkerCommands.Instance);
        cmd.RegisterCommandPalette(CacheCommands.Instance);
        cmd.RegisterCommandPalette(RoleCommands.Instance);
        cmd.Start();
        return Task.CompletedTask;
    }
}
