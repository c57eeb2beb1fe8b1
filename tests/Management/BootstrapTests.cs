using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ActorInference.ClusterNodes.Tests;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Management;
using Akka.Management.Cluster.Bootstrap;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ClusterNode = Akka.Cluster.Cluster;

namespace ActorInference.Management.Tests;

/// <summary>Clusters that form without seed nodes in the configuration.</summary>
public sealed class BootstrapTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Nodes_that_find_one_another_form_one_cluster_and_a_later_one_joins_it()
    {
        // With fewer, two that have not heard of the lowest one yet may begin without it.
        const string AllOfTheFirst = "akka.management.cluster.bootstrap.contact-point-discovery.required-contact-point-nr = 3";
        var ports = Ports(4);
        var systems = ports[..3].Select((_, i) => Start(i, ports, AllOfTheFirst)).ToList();
        try
        {
            await Task.WhenAll(systems.Select(system => ClusterBootstrap.Get(system).Start())).WaitAsync(Patience);
            await AllUpAsync(systems);

            systems.Add(Start(3, ports, AllOfTheFirst));
            await ClusterBootstrap.Get(systems[3]).Start().WaitAsync(Patience);

            await AllUpAsync(systems);
        }
        finally
        {
            foreach (var system in systems) await system.Terminate().WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task What_others_may_join_is_served()
    {
        var ports = Ports(1);
        var system = Start(0, ports, "akka.management.cluster.bootstrap.contact-point-discovery.required-contact-point-nr = 1");
        try
        {
            await ClusterBootstrap.Get(system).Start().WaitAsync(Patience);
            await AllUpAsync([system]);

            using var client = new HttpClient { Timeout = Patience };
            var said = await client.GetFromJsonAsync<JsonObject>($"http://127.0.0.1:{ports[0]}/bootstrap/seed-nodes");

            var self = ClusterNode.Get(system);
            Assert.Equal(self.SelfAddress.ToString(), (string?)said!["SelfNode"]);
            var node = Assert.Single(said["Nodes"]!.AsArray())!;
            Assert.Equal(self.SelfAddress.ToString(), (string?)node["Node"]);
            Assert.Equal(self.SelfUniqueAddress.Uid, (int?)node["NodeUid"]);
            Assert.Equal("Up", (string?)node["Status"]);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task A_hosted_system_bootstraps_when_it_starts()
    {
        var ports = Ports(2);
        var hosts = ports.Select((_, i) => HostOf(i, ports)).ToList();
        try
        {
            await Task.WhenAll(hosts.Select(host => host.StartAsync())).WaitAsync(Patience);

            await AllUpAsync([.. hosts.Select(host => host.Services.GetRequiredService<ActorSystem>())]);
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.StopAsync().WaitAsync(Patience);
                host.Dispose();
            }
        }
    }

    private static IHost HostOf(int index, int[] ports)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka("bootstrapped", akka => akka
            .AddHocon(Settings(ports), HoconAddMode.Append)
            .WithAkkaManagement("127.0.0.1", ports[index], autoStart: true)
            .WithClusterBootstrap(options =>
            {
                options.ContactPointDiscovery.ServiceName = "nodes";
                options.ContactPointDiscovery.RequiredContactPointsNr = ports.Length;
                options.ContactPointDiscovery.StableMargin = TimeSpan.FromMilliseconds(500);
            }));
        return builder.Build();
    }

    private static ActorSystem Start(int index, int[] ports, string hocon = "") => ActorSystem.Create("bootstrapped", ConfigurationFactory.ParseString(
        $"""
        {hocon}
        akka.management.http.hostname = "127.0.0.1"
        akka.management.http.port = {ports[index]}
        akka.management.cluster.bootstrap.contact-point-discovery.service-name = "nodes"
        akka.management.cluster.bootstrap.contact-point-discovery.stable-margin = 1s
        akka.management.cluster.bootstrap.contact-point-discovery.contact-with-all-contact-points = off
        """).WithFallback(Settings(ports)));

    private static Config Settings(int[] ports) => ConfigurationFactory.ParseString(
        $$"""
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = []
          log-dead-letters = off
          actor.provider = cluster
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          remote.log-remote-lifecycle-events = off
          remote.dot-netty.tcp {
            hostname = "127.0.0.1"
            port = 0
          }
          cluster.log-info = off
          management.cluster.bootstrap {
            contact-point-discovery.discovery-method = config
            contact-point-discovery.interval = 300ms
            contact-point.filter-on-fallback-port = off
            contact-point.probe-interval = 500ms
          }
          discovery.method = config
          discovery.config.services.nodes.endpoints = [{{string.Join(", ", ports.Select(port => $"\"127.0.0.1:{port}\""))}}]
        }
        """);

    private static int[] Ports(int count) => [.. Enumerable.Range(0, count).Select(_ => FreePort.Next())];

    /// <summary>Done when each sees just them, all up.</summary>
    private static async Task AllUpAsync(IReadOnlyList<ActorSystem> systems)
    {
        var expected = systems.Select(system => ClusterNode.Get(system).SelfAddress.ToString()).Order().ToArray();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var deadline = new CancellationTokenSource(Patience);
        while (!systems.All(system => IsComplete(ClusterNode.Get(system), expected)))
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Not one cluster of all: {string.Join("; ", systems.Select(system => string.Join(", ", ClusterNode.Get(system).State.Members)))}.");
            }
        }
    }

    private static bool IsComplete(ClusterNode cluster, string[] expected)
    {
        var members = cluster.State.Members;
        return members.All(member => member.Status == MemberStatus.Up) && members.Select(member => member.Address.ToString()).Order().SequenceEqual(expected);
    }
}
