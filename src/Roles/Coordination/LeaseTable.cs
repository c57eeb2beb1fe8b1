using System.Data.Common;
using Akka.Configuration;

namespace ActorInference.Roles.Coordination;

/// <summary>The table <c>lease</c>: name, owner, and when it expires, in milliseconds of Unix time by the database's own clock.</summary>
internal abstract class LeaseTable(string connectionString)
{
    private volatile bool _exists;

    protected string ConnectionString { get; } = connectionString;

    /// <summary>Now, in milliseconds, as an expression.</summary>
    protected abstract string NowMs { get; }

    /// <summary>Chooses by <c>provider-name</c>, of the same values as Akka.Persistence.Sql has.</summary>
    /// <exception cref="ConfigurationException">A setting cannot be used.</exception>
    public static LeaseTable For(Config config)
    {
        var provider = config.GetString("provider-name") ?? "";
        var connectionString = config.GetString("connection-string") ?? "";
        if (connectionString.Length == 0)
            throw new ConfigurationException("connection-string of the SQL lease is not set; it must be that of a database which all nodes reach.");
        try
        {
            return provider switch
            {
                "SQLite.MS" or "SQLite" => new SqliteLeaseTable(connectionString),
                _ when provider.StartsWith("PostgreSQL", StringComparison.Ordinal) => new PostgreSqlLeaseTable(connectionString),
                _ => throw new ConfigurationException($"provider-name of the SQL lease is '{provider}'; it must be SQLite.MS, or PostgreSQL, PostgreSQL.15 and the like."),
            };
        }
        catch (ArgumentException e)
        {
            throw new ConfigurationException($"connection-string of the SQL lease cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Makes it the owner's if it is nobody's, the owner's already, or expired.</summary>
    public Task<bool> TryTakeAsync(string name, string owner, TimeSpan lifetime, CancellationToken cancellation) => ExecuteAsync(
        $"""
        INSERT INTO lease (name, owner, expires_ms) VALUES (@name, @owner, {NowMs} + @lifetime)
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_ms = excluded.expires_ms
        WHERE lease.owner = excluded.owner OR lease.expires_ms <= {NowMs}
        """,
        name, owner, lifetime, cancellation);

    /// <summary>Lets it last longer, if no other has got it.</summary>
    public Task<bool> TryKeepAsync(string name, string owner, TimeSpan lifetime, CancellationToken cancellation) => ExecuteAsync(
        $"UPDATE lease SET expires_ms = {NowMs} + @lifetime WHERE name = @name AND owner = @owner", name, owner, lifetime, cancellation);

    /// <summary>Makes it nobody's, if it is the owner's.</summary>
    public Task<bool> TryGiveBackAsync(string name, string owner, CancellationToken cancellation) =>
        ExecuteAsync("DELETE FROM lease WHERE name = @name AND owner = @owner", name, owner, TimeSpan.Zero, cancellation);

    protected abstract DbConnection Connect();

    protected abstract Task CreateAsync(DbConnection connection, CancellationToken cancellation);

    protected static async Task<int> RunAsync(DbConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <returns>Whether a row was changed.</returns>
    private async Task<bool> ExecuteAsync(string sql, string name, string owner, TimeSpan lifetime, CancellationToken cancellation)
    {
        await using var connection = Connect();
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        if (!_exists) await CreateAsync(connection, cancellation).ConfigureAwait(false);
        _exists = true;
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (key, value) in new (string, object)[] { ("@name", name), ("@owner", owner), ("@lifetime", (long)lifetime.TotalMilliseconds) })
        {
            if (!sql.Contains(key, StringComparison.Ordinal)) continue;
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (key, value);
            command.Parameters.Add(parameter);
        }

        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false) > 0;
    }
}
