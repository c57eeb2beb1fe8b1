using ActorInference.Cluster.Tests.Networks;

namespace ActorInference.Cluster.Tests;

/// <summary>A network that loses all packets between two sides.</summary>
public sealed class PartitionTests : IDisposable
{
    private readonly Journals _journals = Journals.Sqlite();

    public void Dispose() => _journals.Dispose();

    [Fact]
    public async Task Of_two_sides_only_the_majority_survives_and_it_serves_every_entity()
    {
        await using var network = await TestNetworks.OpenAsync();
        await using var cluster = new NodeCluster(_journals.Journal, "akka.cluster.split-brain-resolver { stable-after = 5s, down-all-when-unstable = off }");
        var nodes = new List<NodeProcess>();
        for (var count = 0; count < 5; count++) nodes.Add(await network.StartAsync(cluster));
        await cluster.JoinAllAsync(nodes);
        var ledgers = new Ledgers(cluster, entities: 200, seed: 4);
        ledgers.Begin();
        await ledgers.UntilMoreAsync(1);
        var (majority, minority) = (nodes.Take(3).ToList(), nodes.Skip(3).ToList());

        await network.PartAsync(majority, minority);

        foreach (var lost in minority) Assert.Equal(0, await lost.ExitAsync());
        await NodeCluster.UntilAllUpAsync(majority);
        await ledgers.UntilMoreAsync(1);
        await ledgers.EndAsync();
        await ledgers.VerifyAsync();
    }
}
