using System.Data.Common;
using Npgsql;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests.Sql;

/// <summary>A real server, and what may happen to it.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class PostgreSqlJournalTests(PostgreSqlServer server) : SqlJournalTests, IDisposable
{
    private string? _connectionString;

    protected override string ProviderName => "PostgreSQL.15";

    protected override string ConnectionString => _connectionString ??= server.CreateDatabase();

    public void Dispose()
    {
        if (_connectionString is not null) server.DropDatabase(_connectionString);
    }

    [SkippableFact]
    public async Task A_cut_connection_fails_at_most_one_write()
    {
        await using var system = await Start();
        var ledger = system.Actors.StartLedger("cut");
        await ledger.Do(new Book(1));

        server.CutConnections(ConnectionString);
        await StopsAfter(system.Actors, ledger, new Book(2));

        var again = system.Actors.StartLedger("cut");
        Assert.Equal([1], await again.AmountsOf());
        Assert.Equal(2, await again.Do(new Book(3)));
    }

    [SkippableFact]
    public async Task A_database_that_is_gone_fails_writes_until_it_is_back()
    {
        await using var system = await Start();
        var (one, other) = (system.Actors.StartLedger("gone-1"), system.Actors.StartLedger("gone-2"));
        await one.Do(new Book(1));
        await other.Do(new Book(2));

        server.AllowConnections(ConnectionString, false);
        server.CutConnections(ConnectionString);
        await StopsAfter(system.Actors, one, new Book(3));
        await StopsAfter(system.Actors, other, new Book(4));
        await StopsAfter(system.Actors, system.Actors.StartLedger("gone-1"), new GetState());
        server.AllowConnections(ConnectionString, true);

        Assert.Equal([1], await system.Actors.StartLedger("gone-1").AmountsOf());
        Assert.Equal(2, await system.Actors.StartLedger("gone-2").Do(new Book(5)));
    }

    [SkippableFact]
    public async Task A_server_that_does_not_answer_stops_the_actor()
    {
        Skip.If(ConnectionString.Length == 0);
        await using var system = await StartWith(
            new NpgsqlConnectionStringBuilder(ConnectionString) { Host = "127.0.0.1", Port = 1, Pooling = false }.ConnectionString);

        await StopsAfter(system.Actors, system.Actors.StartLedger("nobody"), new GetState());
    }

    protected override DbConnection Connect() => new NpgsqlConnection(ConnectionString);
}
