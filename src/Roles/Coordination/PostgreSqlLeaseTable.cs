using System.Data.Common;
using Npgsql;

namespace ActorInference.Roles.Coordination;

/// <summary>A PostgreSQL database that the nodes of all hosts reach.</summary>
internal sealed class PostgreSqlLeaseTable : LeaseTable
{
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public PostgreSqlLeaseTable(string connectionString)
        : base(new NpgsqlConnectionStringBuilder(connectionString).ConnectionString)
    {
    }

    protected override string NowMs => "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";

    public override string ToString() => new NpgsqlConnectionStringBuilder(ConnectionString) is var parts
        ? $"PostgreSQL database '{parts.Database}' at {parts.Host}"
        : "";

    protected override DbConnection Connect() => new NpgsqlConnection(ConnectionString);

    protected override async Task CreateAsync(DbConnection connection, CancellationToken cancellation)
    {
        try
        {
            await RunAsync(
                connection, "CREATE TABLE IF NOT EXISTS lease (name VARCHAR(255) NOT NULL PRIMARY KEY, owner VARCHAR(255) NOT NULL, expires_ms BIGINT NOT NULL)", cancellation)
                .ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject)
        {
            // Another node has created it in the same moment: its name, or that of its rows' type, was taken meanwhile.
        }
    }
}
