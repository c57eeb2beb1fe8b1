using System.Data.Common;
using ActorInference.Persistence.Tests.Sql;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Configuration;
using Akka.Coordination;
using Npgsql;

namespace ActorInference.Roles.Tests.Coordination;

/// <summary>What is promised of the lease, on whatever database.</summary>
public abstract class SqlLeaseTests : IAsyncLifetime
{
    private const string Name = "side-that-goes-on";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>No lease expires that is not to.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    /// <summary>Of leases that are to expire: not before what comes first, on a busy machine too.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(4);

    private readonly List<ActorSystem> _systems = [];

    protected abstract string Provider { get; }

    protected abstract string ConnectionString { get; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        foreach (var system in _systems) await system.Terminate().WaitAsync(Patience);
    }

    [SkippableFact]
    public async Task Of_many_that_ask_at_once_one_gets_it()
    {
        var owners = Enumerable.Range(0, 6).Select(i => Owner($"node-{i}")).ToList();

        var answers = await Task.WhenAll(owners.Select(owner => Task.Run(() => owner.Acquire())));

        Assert.Single(answers, true);
        Assert.Equal(answers, owners.Select(owner => owner.CheckLease()));
    }

    [SkippableFact]
    public async Task What_was_given_back_another_gets()
    {
        var (first, second) = (Owner("first"), Owner("second"));
        Assert.True(await first.Acquire());
        Assert.False(await second.Acquire());

        Assert.True(await first.Release());

        Assert.False(first.CheckLease());
        Assert.True(await second.Acquire());
        Assert.False(await first.Release());   // It is no longer its own to give.
        Assert.True(second.CheckLease());
    }

    [SkippableFact]
    public async Task One_that_is_heard_no_more_loses_it_to_another_when_it_expires()
    {
        var (first, second) = (Owner("first", Short), Owner("second", Short));
        Assert.True(await first.Acquire());
        await _systems[0].Terminate().WaitAsync(Patience);
        var expiry = await ExpiryAsync();

        await UntilAsync("the second gets it", second.Acquire);

        // Its own time began when it got it, and that was not before the other's time was over.
        Assert.True(await ExpiryAsync() >= expiry + (long)Short.TotalMilliseconds);
        Assert.True(second.CheckLease());
    }

    [SkippableFact]
    public async Task One_that_is_heard_keeps_it_beyond_its_time()
    {
        var (first, second) = (Owner("first", Short), Owner("second", Short));
        Assert.True(await first.Acquire());
        var begun = await ExpiryAsync();

        await UntilAsync("the first has outlived what it was given", async () => await ExpiryAsync() > begun + Short.TotalMilliseconds);

        Assert.True(first.CheckLease());
        Assert.False(await second.Acquire());
    }

    [SkippableFact]
    public async Task It_is_said_once_that_it_was_lost()
    {
        var first = Owner("first");
        var lost = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(await first.Acquire(lost.SetResult));

        await ExecuteAsync("UPDATE lease SET owner = 'somebody'");

        Assert.Null(await lost.Task.WaitAsync(Patience));
        Assert.False(first.CheckLease());
    }

    [SkippableFact]
    public async Task Without_its_database_it_cannot_be_had_nor_kept()
    {
        var (first, second) = (Owner("first", Short), Owner("second", Short));
        var lost = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(await first.Acquire(lost.SetResult));
        Assert.False(await second.Acquire());   // From here on it takes the table to be there.

        await ExecuteAsync("DROP TABLE lease");

        var refused = await Assert.ThrowsAsync<LeaseException>(second.Acquire);
        Assert.Contains(DatabaseName, refused.Message, StringComparison.Ordinal);
        Assert.IsType<LeaseException>(await lost.Task.WaitAsync(Patience));
        Assert.False(first.CheckLease());
    }

    protected abstract DbConnection Connect();

    /// <summary>What messages call the database.</summary>
    protected abstract string DatabaseName { get; }

    private Lease Owner(string owner, TimeSpan? timeout = null)
    {
        var system = ActorSystem.Create("leases", ConfigurationFactory.ParseString(
            $$"""
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            akka.coordination.lease.sql {
              provider-name = "{{Provider}}"
              connection-string = "{{ConnectionString}}"
              heartbeat-timeout = {{(timeout ?? Long).TotalSeconds}} s
              heartbeat-interval = 200 ms
              lease-operation-timeout = 60 s
            }
            """).WithFallback(InferenceSettings.Reference));
        _systems.Add(system);
        return LeaseProvider.Get(system).GetLease(Name, "akka.coordination.lease.sql", owner);
    }

    private async Task<long> ExpiryAsync()
    {
        await using var connection = Connect();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT expires_ms FROM lease";
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = Connect();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var deadline = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"It has not come to be that {what}.");
            }
        }
    }
}

public sealed class SqliteLeaseTests : SqlLeaseTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lease-").FullName;

    protected override string Provider => "SQLite.MS";

    protected override string ConnectionString => $"Data Source={Path.Combine(_folder, "lease.db")}";

    protected override string DatabaseName => "lease.db";

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected override DbConnection Connect() => new Microsoft.Data.Sqlite.SqliteConnection(ConnectionString + ";Pooling=False");

    [Theory]
    [InlineData("Oracle", "Data Source=x", "Oracle")]
    [InlineData("SQLite.MS", "", "connection-string")]
    [InlineData("SQLite.MS", "No Such Key=1", "connection-string")]
    public void A_setting_that_cannot_be_used_is_named(string provider, string connectionString, string named)
    {
        using var system = ActorSystem.Create("leases", ConfigurationFactory.ParseString(
            $$"""
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            akka.coordination.lease.sql { provider-name = "{{provider}}", connection-string = "{{connectionString}}" }
            """).WithFallback(InferenceSettings.Reference));

        var failure = Assert.ThrowsAny<Exception>(() => LeaseProvider.Get(system).GetLease("any", "akka.coordination.lease.sql", "me"));

        Assert.Contains(named, failure.ToString(), StringComparison.Ordinal);
    }
}

[Collection(PostgreSqlCollection.Name)]
public sealed class PostgreSqlLeaseTests(PostgreSqlServer server) : SqlLeaseTests
{
    private string? _database;

    protected override string Provider => "PostgreSQL.15";

    protected override string ConnectionString => _database ??= server.CreateDatabase();

    protected override string DatabaseName => "PostgreSQL database";

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_database is not null) server.DropDatabase(_database);
    }

    protected override DbConnection Connect() => new NpgsqlConnection(ConnectionString);
}
