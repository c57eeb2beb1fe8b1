using System.Net;
using ActorInference.ClusterNodes.Tests;
using ActorInference.Standins.Akka.Discovery.Tests;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Management.Cluster.Bootstrap;

namespace ActorInference.Standins.Management.Tests;

/// <summary>Nodes that find one another by the SRV records of a name server.</summary>
public sealed class DnsBootstrapTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Three_nodes_of_one_name_form_one_cluster()
    {
        int[] ports = [.. Enumerable.Range(0, 3).Select(_ => FreePort.Next())];
        await using var server = new FakeNameServer((query, _) => FakeNameServer.Answer(query, 0, [.. ports.Select(port => (0, 0, port, "localhost"))]));
        var systems = ports.Select(port => Start(port, server.Address)).ToList();
        try
        {
            foreach (var system in systems) await ClusterBootstrap.Get(system).Start().WaitAsync(Patience);

            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            using var deadline = new CancellationTokenSource(Patience);
            while (!systems.All(system => Cluster.Get(system).State.Members is { Count: 3 } members && members.All(member => member.Status == MemberStatus.Up)))
                await timer.WaitForNextTickAsync(deadline.Token);
        }
        finally
        {
            foreach (var system in systems) await system.Terminate().WaitAsync(Patience);
        }
    }

    private static ActorSystem Start(int port, IPEndPoint nameServer) => ActorSystem.Create("named", ConfigurationFactory.ParseString(
        $$"""
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = []
          log-dead-letters = off
          actor.provider = cluster
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          remote.log-remote-lifecycle-events = off
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          cluster.log-info = off
          discovery.akka-dns.nameservers = ["{{nameServer}}"]
          management.http { hostname = "localhost", bind-hostname = "127.0.0.1", port = {{port}} }
          management.cluster.bootstrap {
            contact-point-discovery {
              service-name = "nodes.example"
              port-name = management
              discovery-method = akka-dns
              required-contact-point-nr = 3
              stable-margin = 500ms
              interval = 300ms
            }
            contact-point.filter-on-fallback-port = off
            contact-point.probe-interval = 500ms
          }
        }
        """));
}
