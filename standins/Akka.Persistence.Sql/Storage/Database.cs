using System.Data.Common;
using Akka.Configuration;

namespace Akka.Persistence.Sql.Storage;

/// <summary>A database could not do what was asked. The message says which database, what, and why.</summary>
internal sealed class DatabaseException(string message, Exception cause) : AkkaException(message, cause);

/// <summary>
/// One database, as a plug-in is configured for it: opens connections, creates missing tables before the first use, and
/// limits how many operations run beside the writer.
/// </summary>
internal sealed class Database : IDisposable
{
    // A node that starts recovers many actors at once; more connections than this would only contend.
    private const int MaxOperations = 16;

    private readonly string _connectionString;
    private readonly string _name;
    private readonly IReadOnlyList<TableSchema> _schema;
    private readonly SemaphoreSlim _operations = new(MaxOperations);
    private readonly SemaphoreSlim _initializing = new(1);
    private readonly Stack<DbConnection> _idle = new();   // Also the lock of the two.
    private bool _closed;
    private volatile bool _initialized;

    private Database(SqlDialect dialect, string connectionString, IReadOnlyList<TableSchema> schema)
    {
        Dialect = dialect;
        _connectionString = connectionString;
        _name = dialect.NameOf(connectionString);
        _schema = schema;
        _initialized = schema.Count == 0;
    }

    public SqlDialect Dialect { get; }

    /// <exception cref="ConfigurationException">connection-string or provider-name cannot be used.</exception>
    public static Database Create(Configuration.Config config, string path, Func<SqlDialect, IReadOnlyList<TableSchema>> schema)
    {
        var dialect = SqlDialect.For(config.GetString("provider-name") ?? "", path);
        var connectionString = config.GetString("connection-string") ?? "";
        try
        {
            if (connectionString.Length == 0) throw new ArgumentException("it is empty");
            return new Database(
                dialect, dialect.Check(connectionString), config.GetBoolean("auto-initialize") ? schema(dialect) : []);
        }
        catch (ArgumentException error)
        {
            throw new ConfigurationException($"{path}.connection-string cannot be used: {error.Message}", error);
        }
    }

    /// <summary>Opens a connection to a database whose tables exist.</summary>
    public async Task<DbConnection> OpenAsync(CancellationToken cancellation)
    {
        if (!_initialized) await InitializeAsync(cancellation).ConfigureAwait(false);
        return await Dialect.OpenAsync(_connectionString, cancellation).ConfigureAwait(false);
    }

    /// <summary>Runs an operation with a connection of its own, off the caller's thread.</summary>
    /// <param name="what">For the error: "reading the events of 'cache-1'".</param>
    /// <exception cref="DatabaseException">The database failed.</exception>
    public async Task<T> UseAsync<T>(string what, Func<DbConnection, Task<T>> operation)
    {
        await _operations.WaitAsync().ConfigureAwait(false);
        try
        {
            // SQLite's driver does its work on the calling thread, which is an actor's.
            return await Task.Run(() => WithConnectionAsync(operation)).ConfigureAwait(false);
        }
        catch (Exception error) when (error is DbException or InvalidOperationException or TimeoutException or IOException)
        {
            throw Failure(what, error);
        }
        finally
        {
            _operations.Release();
        }
    }

    public DatabaseException Failure(string what, Exception cause) => new($"{_name}: {what} failed: {cause.Message}", cause);

    /// <summary>Closes the connections that are kept. Operations under way end first.</summary>
    public void Dispose()
    {
        DbConnection[] idle;
        lock (_idle)
        {
            _closed = true;
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (var connection in idle) connection.Dispose();
    }

    private async Task<T> WithConnectionAsync<T>(Func<DbConnection, Task<T>> operation)
    {
        DbConnection? connection;
        lock (_idle) _idle.TryPop(out connection);
        connection ??= await OpenAsync(CancellationToken.None).ConfigureAwait(false);
        var keep = false;
        try
        {
            var result = await operation(connection).ConfigureAwait(false);
            keep = TryKeep(connection);
            return result;
        }
        finally
        {
            if (!keep) await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private bool TryKeep(DbConnection connection)
    {
        if (Dialect.DriverPools) return false;
        lock (_idle)
        {
            if (_closed) return false;
            _idle.Push(connection);
            return true;
        }
    }

    private async Task InitializeAsync(CancellationToken cancellation)
    {
        await _initializing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_initialized) return;
            await using var connection = await Dialect.OpenAsync(_connectionString, cancellation).ConfigureAwait(false);
            await Dialect.CreateTablesAsync(connection, _schema, cancellation).ConfigureAwait(false);
            _initialized = true;
        }
        finally
        {
            _initializing.Release();
        }
    }
}
