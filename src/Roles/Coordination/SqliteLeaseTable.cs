using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace ActorInference.Roles.Coordination;

/// <summary>A file that the nodes of one host share.</summary>
internal sealed class SqliteLeaseTable : LeaseTable
{
    static SqliteLeaseTable() => SQLitePCL.Batteries_V2.Init();

    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public SqliteLeaseTable(string connectionString)
        : base(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString)
    {
    }

    protected override string NowMs => "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)";

    public override string ToString() => $"SQLite database '{new SqliteConnectionStringBuilder(ConnectionString).DataSource}'";

    protected override DbConnection Connect() => new SqliteConnection(ConnectionString);

    protected override Task CreateAsync(DbConnection connection, CancellationToken cancellation) => RunAsync(
        connection, "CREATE TABLE IF NOT EXISTS lease (name VARCHAR(255) NOT NULL PRIMARY KEY, owner VARCHAR(255) NOT NULL, expires_ms INTEGER NOT NULL)", cancellation);
}
