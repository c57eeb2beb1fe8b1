using System.Data.Common;
using Akka.Configuration;

namespace Akka.Persistence.Sql.Storage;

/// <summary>Kinds of column that the tables have.</summary>
internal enum SqlKind
{
    Text,
    Long,
    Int,
    Bytes,
    Time,
}

/// <summary>A table, and the statement that creates it.</summary>
internal readonly record struct TableSchema(string Table, string Sql);

/// <summary>What a database calls the types of columns.</summary>
/// <param name="Counter">A key that the database counts up by itself.</param>
/// <param name="Flag">With its default, which is not set.</param>
internal readonly record struct ColumnTypes(string Counter, string Long, string Flag, string Bytes, string Time);

/// <summary>What differs between the databases. Table and column names are Akka.Persistence.Sql's default mapping.</summary>
internal abstract class SqlDialect
{
    /// <summary>Inserts or replaces one snapshot.</summary>
    public const string UpsertSnapshot =
        """
        INSERT INTO snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id)
        VALUES (@pid, @seq, @created, @snapshot, @manifest, @serializer)
        ON CONFLICT (persistence_id, sequence_number)
        DO UPDATE SET created = excluded.created, snapshot = excluded.snapshot, manifest = excluded.manifest, serializer_id = excluded.serializer_id
        """;

    /// <summary>Remembers the highest deleted sequence number, so that an emptied journal does not start again at 1.</summary>
    public const string UpsertMetadata =
        """
        INSERT INTO journal_metadata (persistence_id, sequence_number) VALUES (@pid, @seq)
        ON CONFLICT (persistence_id) DO UPDATE SET sequence_number =
            CASE WHEN excluded.sequence_number > journal_metadata.sequence_number THEN excluded.sequence_number ELSE journal_metadata.sequence_number END
        """;

    // A write that waits longer fails, before the journal's circuit breaker (call-timeout, 10 s) loses track of it.
    protected const int TimeoutSeconds = 5;

    protected abstract ColumnTypes Types { get; }

    public IReadOnlyList<TableSchema> JournalSchema =>
    [
        new("journal", $"""
        CREATE TABLE IF NOT EXISTS journal (
            ordering {Types.Counter}, created {Types.Long} NOT NULL, deleted {Types.Flag},
            persistence_id VARCHAR(255) NOT NULL, sequence_number {Types.Long} NOT NULL, message {Types.Bytes} NOT NULL, tags VARCHAR(100),
            identifier INTEGER, manifest VARCHAR(500), writer_uuid VARCHAR(128), UNIQUE (persistence_id, sequence_number))
        """),
        new("tags", $"""
        CREATE TABLE IF NOT EXISTS tags (
            ordering_id {Types.Long} NOT NULL, tag VARCHAR(64) NOT NULL, sequence_nr {Types.Long} NOT NULL, persistence_id VARCHAR(255) NOT NULL,
            PRIMARY KEY (ordering_id, tag, persistence_id))
        """),
    ];

    public TableSchema MetadataSchema => new(
        "journal_metadata",
        $"CREATE TABLE IF NOT EXISTS journal_metadata (persistence_id VARCHAR(255) NOT NULL PRIMARY KEY, sequence_number {Types.Long} NOT NULL)");

    public IReadOnlyList<TableSchema> SnapshotSchema =>
    [
        new("snapshot", $"""
        CREATE TABLE IF NOT EXISTS snapshot (
            persistence_id VARCHAR(255) NOT NULL, sequence_number {Types.Long} NOT NULL, created {Types.Time} NOT NULL, snapshot {Types.Bytes},
            manifest VARCHAR(500), serializer_id INTEGER, PRIMARY KEY (persistence_id, sequence_number))
        """),
    ];

    /// <summary>Whether opening a connection is cheap, since the driver keeps those that were closed.</summary>
    public abstract bool DriverPools { get; }

    /// <summary>Whether there is a table of the name @table: a query with one row and column.</summary>
    protected abstract string TableExists { get; }

    /// <summary>Chooses by the provider names of Akka.Persistence.Sql, such as <c>SQLite.MS</c> and <c>PostgreSQL.15</c>.</summary>
    /// <exception cref="ConfigurationException">The provider is not supported.</exception>
    public static SqlDialect For(string providerName, string path) => providerName switch
    {
        "SQLite.MS" or "SQLite" => new SqliteDialect(),
        _ when providerName.StartsWith("PostgreSQL", StringComparison.Ordinal) => new PostgreSqlDialect(),
        _ => throw new ConfigurationException($"{path}.provider-name is '{providerName}'; it must be SQLite.MS, or PostgreSQL, PostgreSQL.15 and the like."),
    };

    /// <summary>Names the database in messages, without its password.</summary>
    public abstract string NameOf(string connectionString);

    /// <summary>The connection string with what this needs added.</summary>
    /// <exception cref="ArgumentException">It cannot be read.</exception>
    public abstract string Check(string connectionString);

    public async Task<DbConnection> OpenAsync(string connectionString, CancellationToken cancellation)
    {
        var connection = Connect(connectionString);
        try
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Creates what is missing; several nodes may do so at once. Where nothing is missing, nothing is written: a database
    /// that is read-only can still be read.
    /// </summary>
    public async Task CreateTablesAsync(DbConnection connection, IReadOnlyList<TableSchema> schema, CancellationToken cancellation)
    {
        var missing = new List<TableSchema>();
        foreach (var table in schema)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = TableExists;
            Parameter(command, "@table", SqlKind.Text).Value = table.Table;
            if (!Convert.ToBoolean(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))) missing.Add(table);
        }

        if (missing.Count > 0) await CreateAsync(connection, missing, cancellation).ConfigureAwait(false);
    }

    /// <summary>What writes events over this connection, for the connection's life.</summary>
    public abstract EventInsert CreateInsert(DbConnection connection);

    /// <summary>Whether a row with this key was there already: a second writer of the same persistence id.</summary>
    public abstract bool IsDuplicateKey(DbException error);

    /// <summary>Adds a typed parameter to a command.</summary>
    public abstract DbParameter Parameter(DbCommand command, string name, SqlKind kind);

    /// <summary>A time as a parameter's value.</summary>
    public abstract object ToParameter(DateTime utc);

    public abstract DateTime ReadTime(DbDataReader reader, int column);

    /// <summary>A connection that is not open yet.</summary>
    protected abstract DbConnection Connect(string connectionString);

    protected abstract Task CreateAsync(DbConnection connection, IReadOnlyList<TableSchema> missing, CancellationToken cancellation);

    protected static async Task ExecuteAsync(DbConnection connection, DbTransaction? transaction, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}

/// <summary>Writes events in one transaction: all durable on return, or none.</summary>
internal abstract class EventInsert : IAsyncDisposable
{
    public abstract Task WriteAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();
}
