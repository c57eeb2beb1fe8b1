using ActorInference.ClusterNodes.Tests;

namespace ActorInference.Roles.Tests.Coordination;

/// <summary>A cluster that falls apart, whose sides ask a database which of them goes on.</summary>
public sealed class LeaseMajorityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lease-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Of_two_equal_sides_just_the_one_goes_on_that_gets_the_lease()
    {
        await using var network = new CuttingNetwork();
        var nodes = await FormAsync(network, 4, Path.Combine(_folder, "lease.db"));
        var (left, right) = (nodes[..2], nodes[2..]);

        network.Part(Hosts(left), Hosts(right));

        var ended = await Task.WhenAny(EndOf(left), EndOf(right)).WaitAsync(ClusterNode.Patience);
        var (losers, winners) = await ended == left ? (left, right) : (right, left);
        foreach (var winner in winners)
            await winner.Events.Until("the losers removed", log => losers.All(loser => !log.IsMember(loser.Address)));
        Assert.All(winners, winner => Assert.True(winner.Cluster.IsUp));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task The_majority_gets_the_lease_since_it_asks_first()
    {
        await using var network = new CuttingNetwork();
        var nodes = await FormAsync(network, 3, Path.Combine(_folder, "lease.db"));

        network.Part(Hosts(nodes[..2]), Hosts(nodes[2..]));

        await EndOf(nodes[2..]).WaitAsync(ClusterNode.Patience);
        foreach (var winner in nodes[..2]) await winner.Events.Until("the loser removed", log => !log.IsMember(nodes[2].Address));
        Assert.All(nodes[..2], winner => Assert.True(winner.Cluster.IsUp));
        await ClusterNode.StopAllAsync(nodes);
    }

    [Fact]
    public async Task Where_the_lease_cannot_be_asked_for_no_side_goes_on()
    {
        await using var network = new CuttingNetwork();
        var nodes = await FormAsync(network, 2, Path.Combine(_folder, "no", "such", "folder", "lease.db"));

        network.Part(Hosts(nodes[..1]), Hosts(nodes[1..]));

        await Task.WhenAll(EndOf(nodes[..1]), EndOf(nodes[1..])).WaitAsync(ClusterNode.Patience);
        await ClusterNode.StopAllAsync(nodes);
    }

    private static async Task<ClusterNode[]> EndOf(ClusterNode[] side)
    {
        await Task.WhenAll(side.Select(node => node.System.WhenTerminated));
        return side;
    }

    private static IEnumerable<string> Hosts(IEnumerable<ClusterNode> nodes) => nodes.Select(node => node.Address.Host!);

    private static async Task<ClusterNode[]> FormAsync(CuttingNetwork network, int count, string database)
    {
        var nodes = Enumerable.Range(0, count).Select(_ => ClusterNode.Start(network.AddNode() + Hocon(database))).ToArray();
        await ClusterNode.JoinAllAsync(nodes);
        return nodes;
    }

    private static string Hocon(string database) =>
        $$"""
        akka.cluster.split-brain-resolver {
          active-strategy = lease-majority
          lease-majority.lease-implementation = "akka.coordination.lease.sql"
          # Longer than the sides may take, on a busy machine, to find out that they are apart.
          lease-majority.acquire-lease-delay-for-minority = 6s
        }
        akka.coordination.lease.sql {
          lease-class = "ActorInference.Roles.Coordination.SqlLease, ActorInference.Roles"
          heartbeat-timeout = 60s
          heartbeat-interval = 10s
          lease-operation-timeout = 30s
          provider-name = "SQLite.MS"
          connection-string = "Data Source={{database}}"
        }
        """;
}
