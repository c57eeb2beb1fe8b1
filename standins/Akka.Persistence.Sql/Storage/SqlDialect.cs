using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Akka.Persistence.Sql.Storage;

/// <summary>What differs between the databases. Table and column names are Akka.Persistence.Sql's default mapping.</summary>
internal abstract class SqlDialect
{
    /// <summary>Chooses by the provider names of Akka.Persistence.Sql, such as <c>SQLite.MS</c> and <c>PostgreSQL.15</c>.</summary>
    /// <exception cref="ArgumentException">The provider is not supported.</exception>
    public static SqlDialect For(string providerName) => providerName switch
    {
        "SQLite.MS" or "SQLite" => new SqliteDialect(),
        _ when providerName.StartsWith("PostgreSQL", StringComparison.Ordinal) => new PostgreSqlDialect(),
        _ => throw new ArgumentException(
            $"provider-name is '{providerName}'; it must be SQLite.MS or PostgreSQL, PostgreSQL.15 and the like.", nameof(providerName)),
    };

    /// <summary>Statements that create what is missing. Each is harmless when repeated.</summary>
    public abstract IEnumerable<string> JournalSchema { get; }

    public abstract IEnumerable<string> SnapshotSchema { get; }

    /// <summary>Inserts or replaces one snapshot.</summary>
    public string UpsertSnapshot =>
        """
        INSERT INTO snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id)
        VALUES (@pid, @seq, @created, @snapshot, @manifest, @serializer)
        ON CONFLICT (persistence_id, sequence_number)
        DO UPDATE SET created = excluded.created, snapshot = excluded.snapshot, manifest = excluded.manifest, serializer_id = excluded.serializer_id
        """;

    /// <summary>Remembers the highest deleted sequence number, so that an emptied journal does not start again at 1.</summary>
    public string UpsertMetadata =>
        """
        INSERT INTO journal_metadata (persistence_id, sequence_number) VALUES (@pid, @seq)
        ON CONFLICT (persistence_id) DO UPDATE SET sequence_number =
            CASE WHEN excluded.sequence_number > journal_metadata.sequence_number THEN excluded.sequence_number ELSE journal_metadata.sequence_number END
        """;

    public abstract Task<DbConnection> OpenAsync(string connectionString, CancellationToken cancellation);

    /// <summary>Whether a row with this key was there already: a second writer of the same persistence id.</summary>
    public abstract bool IsDuplicateKey(DbException error);

    /// <summary>Adds a typed parameter to a command that will be executed many times.</summary>
    public abstract DbParameter Parameter(DbCommand command, string name, SqlKind kind);
}

/// <summary>Kinds of column that the tables have.</summary>
internal enum SqlKind
{
    Text,
    Long,
    Int,
    Bytes,
}

/// <summary>SQLite through Microsoft.Data.Sqlite: WAL, so that readers do not block the writer.</summary>
internal sealed class SqliteDialect : SqlDialect
{
    public override IEnumerable<string> JournalSchema =>
    [
        """
        CREATE TABLE IF NOT EXISTS journal (
            ordering INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
            persistence_id VARCHAR(255) NOT NULL, sequence_number INTEGER NOT NULL, message BLOB NOT NULL, tags VARCHAR(100),
            identifier INTEGER, manifest VARCHAR(500), writer_uuid VARCHAR(128), UNIQUE (persistence_id, sequence_number))
        """,
        "CREATE TABLE IF NOT EXISTS journal_metadata (persistence_id VARCHAR(255) NOT NULL PRIMARY KEY, sequence_number INTEGER NOT NULL)",
        "CREATE TABLE IF NOT EXISTS tags (ordering_id INTEGER NOT NULL, tag VARCHAR(64) NOT NULL, sequence_nr INTEGER NOT NULL, persistence_id VARCHAR(255) NOT NULL, PRIMARY KEY (ordering_id, tag, persistence_id))",
    ];

    public override IEnumerable<string> SnapshotSchema =>
    [
        """
        CREATE TABLE IF NOT EXISTS snapshot (
            persistence_id VARCHAR(255) NOT NULL, sequence_number INTEGER NOT NULL, created INTEGER NOT NULL, snapshot BLOB,
            manifest VARCHAR(500), serializer_id INTEGER, PRIMARY KEY (persistence_id, sequence_number))
        """,
    ];

    public override async Task<DbConnection> OpenAsync(string connectionString, CancellationToken cancellation)
    {
        SQLitePCL.Batteries_V2.Init();
        var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        await using var pragma = connection.CreateCommand();
        // NORMAL would lose acknowledged events at a power cut; a persisted event must be there afterwards.
        pragma.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;";
        await pragma.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        return connection;
    }

    public override bool IsDuplicateKey(DbException error) => error is SqliteException { SqliteErrorCode: 19 };

    public override DbParameter Parameter(DbCommand command, string name, SqlKind kind)
    {
        var parameter = new SqliteParameter(name, kind switch
        {
            SqlKind.Text => SqliteType.Text,
            SqlKind.Bytes => SqliteType.Blob,
            _ => SqliteType.Integer,
        });
        command.Parameters.Add(parameter);
        return parameter;
    }
}

/// <summary>PostgreSQL through Npgsql.</summary>
internal sealed class PostgreSqlDialect : SqlDialect
{
    public override IEnumerable<string> JournalSchema =>
    [
        """
        CREATE TABLE IF NOT EXISTS journal (
            ordering BIGSERIAL PRIMARY KEY, created BIGINT NOT NULL, deleted BOOLEAN NOT NULL DEFAULT FALSE,
            persistence_id VARCHAR(255) NOT NULL, sequence_number BIGINT NOT NULL, message BYTEA NOT NULL, tags VARCHAR(100),
            identifier INTEGER, manifest VARCHAR(500), writer_uuid VARCHAR(128), UNIQUE (persistence_id, sequence_number))
        """,
        "CREATE TABLE IF NOT EXISTS journal_metadata (persistence_id VARCHAR(255) NOT NULL PRIMARY KEY, sequence_number BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS tags (ordering_id BIGINT NOT NULL, tag VARCHAR(64) NOT NULL, sequence_nr BIGINT NOT NULL, persistence_id VARCHAR(255) NOT NULL, PRIMARY KEY (ordering_id, tag, persistence_id))",
    ];

    public override IEnumerable<string> SnapshotSchema =>
    [
        """
        CREATE TABLE IF NOT EXISTS snapshot (
            persistence_id VARCHAR(255) NOT NULL, sequence_number BIGINT NOT NULL, created BIGINT NOT NULL, snapshot BYTEA,
            manifest VARCHAR(500), serializer_id INTEGER, PRIMARY KEY (persistence_id, sequence_number))
        """,
    ];

    public override async Task<DbConnection> OpenAsync(string connectionString, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        return connection;
    }

    public override bool IsDuplicateKey(DbException error) => error is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    public override DbParameter Parameter(DbCommand command, string name, SqlKind kind)
    {
        var parameter = new NpgsqlParameter(name, kind switch
        {
            SqlKind.Text => NpgsqlTypes.NpgsqlDbType.Varchar,
            SqlKind.Bytes => NpgsqlTypes.NpgsqlDbType.Bytea,
            SqlKind.Long => NpgsqlTypes.NpgsqlDbType.Bigint,
            _ => NpgsqlTypes.NpgsqlDbType.Integer,
        });
        command.Parameters.Add(parameter);
        return parameter;
    }
}
