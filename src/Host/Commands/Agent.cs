using System.Data.Common;
using System.Net;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Host.Consoles;
using ActorInference.Host.Groups;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Groups.Control;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Akka.Management;
using Akka.Management.Dsl;
using Petabridge.Cmd.Host;
using StartingShare = ActorInference.Roles.Agents.StartingShare;

namespace ActorInference.Host.Commands;

/// <summary>Runs the agent of this host until it is told to end. Its instances go on then, and the next agent takes them over.</summary>
public static class Agent
{
    /// <summary>Name of the agents' actor system: theirs is a cluster of its own, so that neither disturbs the other.</summary>
    private const string SystemName = "actor-inference-agents";

    private static readonly TimeSpan JoinDeadline = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(AgentCommandOptions options)
    {
        using var data = DataFolder.Open(options.Data);
        using var port = ReservedPort.Take("--management-port", options.ManagementPort, mainPort: 0, Console.Error.WriteLine, IPAddress.Loopback);
        using var console = ReservedPort.Take("--cmd-port", options.CmdPort, mainPort: 0, Console.Error.WriteLine, IPAddress.Loopback);
        using var signals = new SignalCancellation();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.LogToStderr(options.LogLevel);
        builder.Services.AddAkka(SystemName, akka => Configure(akka, options, port, console));
        using var host = builder.Build();
        await host.StartAsync(signals.Token);
        try
        {
            var system = host.Services.GetRequiredService<ActorSystem>();
            await JoinAsync(system, options, signals.Token);
            var log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(Agent));
            var serves = port is not null && await port.ListenAsync(() => AkkaManagement.Get(system).Start(), log);
            var talks = console is not null && await console.ListenAsync(() => StartConsole(system), log);
            Console.Out.WriteLine(Banner(system, options, serves ? port : null, talks ? console : null));
            await host.WaitForShutdownAsync(signals.Token);
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            // Told to end before it was ready.
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }

        return CommandLine.Success;
    }

    private static void Configure(AkkaConfigurationBuilder akka, AgentCommandOptions options, ReservedPort? management, ReservedPort? console)
    {
        var isControl = options.Seeds.IsEmpty;
        var connection = new DbConnectionStringBuilder { ["Data Source"] = Path.Combine(options.Data, "journal.db") };
        var agent = AgentOptionsFactory.Create(options.Node, options.Address, options.Data, options.Labels) with { StartingShare = new StartingShare(options.StartNice) };
        akka.ConfigureLoggers(loggers =>
        {
            loggers.ClearLoggers();
            loggers.LogLevel = NodeServices.Severity(options.LogLevel);
            loggers.AddLoggerFactory();
        });
        akka.AddHocon(options.Config.Config, HoconAddMode.Prepend);
        akka.AddHocon(
            $$"""
            akka {
              actor.provider = cluster
              log-dead-letters = off
              remote.dot-netty.tcp { hostname = "{{options.Address}}", port = {{options.ClusterPort}} }
              cluster.roles = [{{AgentNode.AgentRole}}{{(isControl ? $", {AgentNode.ControlRole}" : "")}}]
            }
            """,
            HoconAddMode.Prepend);
        if (management is not null)
        {
            var host = IPAddress.Loopback.ToString();
            akka.WithAkkaManagement(new AkkaManagementOptions { HostName = host, Port = management.Port, BindHostName = host, RouteProvidersReadOnly = false }
                .WithRouteProvider<GroupRoutes>("groups").WithRouteProvider<Management.ClusterRoutes>("cluster"));
        }

        if (console is not null) akka.AddHocon($"petabridge.cmd {{ host = \"{IPAddress.Loopback}\", port = {console.Port} }}", HoconAddMode.Prepend);
        akka.WithAgentNode(new AgentNode(agent, isControl, new PersistenceSettings(PersistenceProvider.Sqlite, connection.ConnectionString)));
    }

    private static async Task JoinAsync(ActorSystem system, AgentCommandOptions options, CancellationToken stop)
    {
        var cluster = Cluster.Get(system);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(JoinDeadline);
        try
        {
            if (options.Seeds.IsEmpty) await cluster.JoinAsync(cluster.SelfAddress, deadline.Token);
            else await cluster.JoinSeedNodesAsync(options.Seeds.Select(seed => ClusterNode.Parse(seed, cluster.SelfAddress)), deadline.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or ClusterJoinFailedException && !stop.IsCancellationRequested)
        {
            throw new UserErrorException($"--seed is '{string.Join(',', options.Seeds)}'; expected a running agent there, but none let this one join within {JoinDeadline.TotalSeconds:0} s.", failure);
        }
    }

    private static Task StartConsole(ActorSystem system)
    {
        var cmd = PetabridgeCmd.Get(system);
        cmd.RegisterCommandPalette(GroupPalette.Instance);
        cmd.RegisterCommandPalette(RolloutPalette.Instance);
        cmd.RegisterCommandPalette(ClusterCommands.Instance);
        cmd.Start();
        return Task.CompletedTask;
    }

    private static string Banner(ActorSystem system, AgentCommandOptions options, ReservedPort? management, ReservedPort? console)
    {
        var self = Cluster.Get(system).SelfAddress;
        var routes = management is null ? "" : $"\nGroups: http://{IPAddress.Loopback}:{management.Port}/groups";
        if (console is not null) routes += $"\nConsole: actorinference cmd {IPAddress.Loopback}:{console.Port}";
        return $"Agent of {options.Node} at {self.Host}:{self.Port}, with its data in {options.Data}.{routes}\nIts instances go on when it ends; 'actorinference delete' ends them. Ctrl-C stops it.";
    }
}
