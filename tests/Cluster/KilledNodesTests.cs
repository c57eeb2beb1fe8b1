using ActorInference.Persistence.Tests.Sql;

namespace ActorInference.Cluster.Tests;

/// <summary>Processes that end without a word, while entities are written to.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class KilledNodesTests(PostgreSqlServer server)
{
    private const int Entities = 1000;

    [SkippableFact]
    public async Task No_acknowledged_write_is_lost_or_doubled_by_kills_on_PostgreSQL()
    {
        using var journals = Journals.PostgreSql(server);
        await SurviveKillsAsync(journals.Journal, "persistence");
    }

    [Fact]
    public async Task No_acknowledged_write_is_lost_or_doubled_by_kills_on_a_shared_SQLite_file()
    {
        using var journals = Journals.Sqlite();
        await SurviveKillsAsync(journals.Journal, "ddata");
    }

    /// <summary>A node, and then the host of the shard coordinator, are killed.</summary>
    /// <param name="stateStore">Where sharding keeps the places of shards.</param>
    private static async Task SurviveKillsAsync(Journal journal, string stateStore)
    {
        await using var cluster = new NodeCluster(journal, $"""
            akka.cluster.split-brain-resolver.stable-after = 5s
            akka.cluster.split-brain-resolver.down-all-when-unstable = off
            akka.cluster.down-removal-margin = 1s
            akka.cluster.sharding.state-store-mode = {stateStore}
            """);
        var nodes = await cluster.FormAsync(5);
        var ledgers = new Ledgers(cluster, Entities, seed: 1);
        ledgers.Begin();
        await ledgers.UntilMoreAsync(1);

        var oldest = await nodes[0].AskAsync("oldest");
        foreach (var isCoordinators in new[] { false, true })
        {
            var victim = cluster.Living.First(node => node.Address == oldest == isCoordinators);
            victim.Kill();
            await victim.ExitAsync();
            await NodeCluster.UntilAllUpAsync(cluster.Living);
            await ledgers.UntilMoreAsync(1);
        }

        await ledgers.EndAsync();
        await ledgers.VerifyAsync();
        await VerifyAloneAsync(cluster, ledgers);
    }

    /// <summary>What the journal holds, without the memory of any node that has written to it.</summary>
    private static async Task VerifyAloneAsync(NodeCluster cluster, Ledgers ledgers)
    {
        foreach (var node in cluster.Living)
        {
            node.Kill();
            await node.ExitAsync();
        }

        var alone = await cluster.StartAsync("127.0.0.1", []);
        await cluster.JoinAllAsync([alone]);
        await ledgers.VerifyAsync();
    }
}
