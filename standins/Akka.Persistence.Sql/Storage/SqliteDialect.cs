using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Akka.Persistence.Sql.Storage;

/// <summary>SQLite through Microsoft.Data.Sqlite: WAL, so that readers do not block the writer.</summary>
internal sealed class SqliteDialect : SqlDialect
{
    private const int ConstraintViolated = 19;   // SQLITE_CONSTRAINT
    private const int UniqueViolated = 2067;     // SQLITE_CONSTRAINT_UNIQUE

    static SqliteDialect() => SQLitePCL.Batteries_V2.Init();

    protected override ColumnTypes Types => new("INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER", "INTEGER NOT NULL DEFAULT 0", "BLOB", "INTEGER");

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

    protected override DbConnection Connect(string connectionString) => new SqliteConnection(connectionString);

    protected override async Task CreateAsync(DbConnection connection, IReadOnlyList<TableSchema> missing, CancellationToken cancellation)
    {
        // The mode stays with the file.
        await ExecuteAsync(connection, null, "PRAGMA journal_mode = WAL", cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        foreach (var table in missing) await ExecuteAsync(connection, transaction, table.Sql, cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }
}
