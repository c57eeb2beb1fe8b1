using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Akka.Persistence.Sql.Storage;

/// <summary>SQLite through Microsoft.Data.Sqlite: WAL, so that readers do not block the writer.</summary>
internal sealed class SqliteDialect : SqlDialect
{
    private const int ConstraintViolated = 19;   // SQLITE_CONSTRAINT
    private const int UniqueViolated = 2067;     // SQLITE_CONSTRAINT_UNIQUE

    static SqliteDialect() => SQLitePCL.Batteries_V2.Init();

    public override IReadOnlyList<TableSchema> JournalSchema =>
    [
        new("journal", """
        CREATE TABLE IF NOT EXISTS journal (
            ordering INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
            persistence_id VARCHAR(255) NOT NULL, sequence_number INTEGER NOT NULL, message BLOB NOT NULL, tags VARCHAR(100),
            identifier INTEGER, manifest VARCHAR(500), writer_uuid VARCHAR(128), UNIQUE (persistence_id, sequence_number))
        """),
        new("tags", """
        CREATE TABLE IF NOT EXISTS tags (
            ordering_id INTEGER NOT NULL, tag VARCHAR(64) NOT NULL, sequence_nr INTEGER NOT NULL, persistence_id VARCHAR(255) NOT NULL,
            PRIMARY KEY (ordering_id, tag, persistence_id))
        """),
    ];

    public override TableSchema MetadataSchema => new(
        "journal_metadata",
        "CREATE TABLE IF NOT EXISTS journal_metadata (persistence_id VARCHAR(255) NOT NULL PRIMARY KEY, sequence_number INTEGER NOT NULL)");

    public override IReadOnlyList<TableSchema> SnapshotSchema =>
    [
        new("snapshot", """
        CREATE TABLE IF NOT EXISTS snapshot (
            persistence_id VARCHAR(255) NOT NULL, sequence_number INTEGER NOT NULL, created INTEGER NOT NULL, snapshot BLOB,
            manifest VARCHAR(500), serializer_id INTEGER, PRIMARY KEY (persistence_id, sequence_number))
        """),
    ];

    public override bool DriverPools => false;

    protected override string TableExists => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = @table";

    public override string NameOf(string connectionString) => $"SQLite database '{new SqliteConnectionStringBuilder(connectionString).DataSource}'";

    public override string Check(string connectionString)
    {
        var builder = new SqliteConnectionStringBuilder(connectionString);
        if (builder.DataSource.Length == 0) throw new ArgumentException("it has no Data Source");
        if (!builder.ShouldSerialize("Default Timeout")) builder.DefaultTimeout = TimeoutSeconds;
        // The pool of this driver's version enumerates its connections while other threads add to them.
        builder.Pooling = false;
        return builder.ConnectionString;
    }

    public override async Task<DbConnection> OpenAsync(string connectionString, CancellationToken cancellation)
    {
        var connection = new SqliteConnection(connectionString);
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

    public override EventInsert CreateInsert(DbConnection connection)
    {
        // NORMAL, the usual companion of WAL, would lose acknowledged events at a power cut.
        using var pragma = connection.CreateCommand();
        pragma.CommandText = "PRAGMA synchronous = FULL";
        pragma.ExecuteNonQuery();
        return new SqliteEventInsert(this, (SqliteConnection)connection);
    }

    public override bool IsDuplicateKey(DbException error) =>
        error is SqliteException { SqliteErrorCode: ConstraintViolated, SqliteExtendedErrorCode: UniqueViolated };

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

    public override object ToParameter(DateTime utc) => utc.Ticks;

    public override DateTime ReadTime(DbDataReader reader, int column) => new(reader.GetInt64(column), DateTimeKind.Utc);

    protected override async Task CreateAsync(DbConnection connection, IReadOnlyList<TableSchema> missing, CancellationToken cancellation)
    {
        // The mode stays with the file.
        await ExecuteAsync(connection, null, "PRAGMA journal_mode = WAL", cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        foreach (var table in missing) await ExecuteAsync(connection, transaction, table.Sql, cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }
}

/// <summary>Row by row, with statements that are prepared once: the driver calls into the library, not over a wire.</summary>
internal sealed class SqliteEventInsert : EventInsert
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _row;
    private readonly SqliteCommand _tag;
    private readonly DbParameter _created, _pid, _seq, _message, _identifier, _manifest, _writer;
    private readonly DbParameter _tagName, _tagSeq, _tagPid;

    public SqliteEventInsert(SqliteDialect dialect, SqliteConnection connection)
    {
        _connection = connection;
        _row = connection.CreateCommand();
        _row.CommandText =
            """
            INSERT INTO journal (created, persistence_id, sequence_number, message, tags, identifier, manifest, writer_uuid)
            VALUES (@created, @pid, @seq, @message, '', @identifier, @manifest, @writer)
            """;
        _created = dialect.Parameter(_row, "@created", SqlKind.Long);
        _pid = dialect.Parameter(_row, "@pid", SqlKind.Text);
        _seq = dialect.Parameter(_row, "@seq", SqlKind.Long);
        _message = dialect.Parameter(_row, "@message", SqlKind.Bytes);
        _identifier = dialect.Parameter(_row, "@identifier", SqlKind.Int);
        _manifest = dialect.Parameter(_row, "@manifest", SqlKind.Text);
        _writer = dialect.Parameter(_row, "@writer", SqlKind.Text);

        _tag = connection.CreateCommand();
        _tag.CommandText =
            """
            INSERT INTO tags (ordering_id, tag, sequence_nr, persistence_id)
            SELECT ordering, @tag, @seq, @pid FROM journal WHERE persistence_id = @pid AND sequence_number = @seq
            """;
        _tagName = dialect.Parameter(_tag, "@tag", SqlKind.Text);
        _tagSeq = dialect.Parameter(_tag, "@seq", SqlKind.Long);
        _tagPid = dialect.Parameter(_tag, "@pid", SqlKind.Text);

        // Without this the driver compiles the statement anew for every row.
        _row.Prepare();
        _tag.Prepare();
    }

    public override Task WriteAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation)
    {
        using var transaction = _connection.BeginTransaction();
        _row.Transaction = _tag.Transaction = transaction;
        foreach (var row in rows) Insert(row);
        transaction.Commit();
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await _row.DisposeAsync().ConfigureAwait(false);
        await _tag.DisposeAsync().ConfigureAwait(false);
    }

    private void Insert(JournalRow row)
    {
        _created.Value = row.Created;
        _pid.Value = row.PersistenceId;
        _seq.Value = row.SequenceNr;
        _message.Value = row.Message;
        _identifier.Value = row.SerializerId;
        _manifest.Value = row.Manifest;
        _writer.Value = row.WriterUuid;
        _row.ExecuteNonQuery();
        foreach (var tag in row.Tags)
        {
            (_tagName.Value, _tagSeq.Value, _tagPid.Value) = (tag, row.SequenceNr, row.PersistenceId);
            _tag.ExecuteNonQuery();
        }
    }
}
