using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace Akka.Persistence.Sql.Storage;

/// <summary>PostgreSQL through Npgsql.</summary>
internal sealed class PostgreSqlDialect : SqlDialect
{
    // Any number will do, as long as all nodes take the same.
    private const long SchemaLock = 0x416B6B6153716C;

    protected override ColumnTypes Types => new("BIGSERIAL PRIMARY KEY", "BIGINT", "BOOLEAN NOT NULL DEFAULT FALSE", "BYTEA", "TIMESTAMP");

    public override bool DriverPools => true;

    protected override string TableExists => "SELECT to_regclass(@table) IS NOT NULL";

    public override string NameOf(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        return $"PostgreSQL database '{builder.Database}' at {builder.Host}:{builder.Port}";
    }

    public override string Check(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrEmpty(builder.Host)) throw new ArgumentException("it has no Host");
        if (!builder.ShouldSerialize("Command Timeout")) builder.CommandTimeout = TimeoutSeconds;
        if (!builder.ShouldSerialize("Timeout")) builder.Timeout = TimeoutSeconds;
        return builder.ConnectionString;
    }

    public override EventInsert CreateInsert(DbConnection connection) => new PostgreSqlEventInsert((NpgsqlConnection)connection);

    public override bool IsDuplicateKey(DbException error) => error is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    public override DbParameter Parameter(DbCommand command, string name, SqlKind kind)
    {
        var parameter = new NpgsqlParameter(name, kind switch
        {
            SqlKind.Text => NpgsqlDbType.Varchar,
            SqlKind.Bytes => NpgsqlDbType.Bytea,
            SqlKind.Long => NpgsqlDbType.Bigint,
            SqlKind.Time => NpgsqlDbType.Timestamp,
            _ => NpgsqlDbType.Integer,
        });
        command.Parameters.Add(parameter);
        return parameter;
    }

    public override object ToParameter(DateTime utc) => DateTime.SpecifyKind(utc, DateTimeKind.Unspecified);

    public override DateTime ReadTime(DbDataReader reader, int column) => DateTime.SpecifyKind(reader.GetDateTime(column), DateTimeKind.Utc);

    protected override DbConnection Connect(string connectionString) => new NpgsqlConnection(connectionString);

    protected override async Task CreateAsync(DbConnection connection, IReadOnlyList<TableSchema> missing, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        // IF NOT EXISTS is not safe against another session that creates the same table.
        await ExecuteAsync(connection, transaction, $"SELECT pg_advisory_xact_lock({SchemaLock})", cancellation).ConfigureAwait(false);
        foreach (var table in missing) await ExecuteAsync(connection, transaction, table.Sql, cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }
}

/// <summary>All rows and tags in one statement, which is its own transaction: one round trip and one commit a group.</summary>
internal sealed class PostgreSqlEventInsert : EventInsert
{
    private readonly NpgsqlCommand _command;
    private readonly NpgsqlParameter _created, _pid, _seq, _message, _identifier, _manifest, _writer;
    private readonly NpgsqlParameter _tagPid, _tagSeq, _tagName;

    public PostgreSqlEventInsert(NpgsqlConnection connection)
    {
        _command = connection.CreateCommand();
        _command.CommandText =
            """
            WITH rows AS (
                INSERT INTO journal (created, persistence_id, sequence_number, message, tags, identifier, manifest, writer_uuid)
                SELECT r.created, r.pid, r.seq, r.message, '', r.identifier, r.manifest, r.writer
                FROM unnest(@created, @pid, @seq, @message, @identifier, @manifest, @writer)
                    AS r(created, pid, seq, message, identifier, manifest, writer)
                RETURNING ordering, persistence_id, sequence_number)
            INSERT INTO tags (ordering_id, tag, sequence_nr, persistence_id)
            SELECT rows.ordering, t.tag, t.seq, t.pid FROM unnest(@tagPid, @tagSeq, @tag) AS t(pid, seq, tag)
            JOIN rows ON rows.persistence_id = t.pid AND rows.sequence_number = t.seq
            """;
        _created = Array("created", NpgsqlDbType.Bigint);
        _pid = Array("pid", NpgsqlDbType.Varchar);
        _seq = Array("seq", NpgsqlDbType.Bigint);
        _message = Array("message", NpgsqlDbType.Bytea);
        _identifier = Array("identifier", NpgsqlDbType.Integer);
        _manifest = Array("manifest", NpgsqlDbType.Varchar);
        _writer = Array("writer", NpgsqlDbType.Varchar);
        _tagPid = Array("tagPid", NpgsqlDbType.Varchar);
        _tagSeq = Array("tagSeq", NpgsqlDbType.Bigint);
        _tagName = Array("tag", NpgsqlDbType.Varchar);
    }

    public override async Task WriteAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation)
    {
        _created.Value = rows.Select(row => row.Created).ToArray();
        _pid.Value = rows.Select(row => row.PersistenceId).ToArray();
        _seq.Value = rows.Select(row => row.SequenceNr).ToArray();
        _message.Value = rows.Select(row => row.Message).ToArray();
        _identifier.Value = rows.Select(row => row.SerializerId).ToArray();
        _manifest.Value = rows.Select(row => row.Manifest).ToArray();
        _writer.Value = rows.Select(row => row.WriterUuid).ToArray();
        var tags = rows.SelectMany(row => row.Tags, (row, tag) => (row.PersistenceId, row.SequenceNr, Tag: tag)).ToArray();
        _tagPid.Value = tags.Select(tag => tag.PersistenceId).ToArray();
        _tagSeq.Value = tags.Select(tag => tag.SequenceNr).ToArray();
        _tagName.Value = tags.Select(tag => tag.Tag).ToArray();
        if (!_command.IsPrepared) await _command.PrepareAsync(cancellation).ConfigureAwait(false);
        await _command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    public override ValueTask DisposeAsync() => _command.DisposeAsync();

    private NpgsqlParameter Array(string name, NpgsqlDbType element) => _command.Parameters.Add(name, NpgsqlDbType.Array | element);
}
