using System.Diagnostics;
using Npgsql;

namespace ActorInference.Persistence.Tests.Sql;

/// <summary>
/// A PostgreSQL server for the tests of this assembly: that of ACTORINFERENCE_TEST_POSTGRES, a connection string of a role
/// that may create databases, or one of their own in a temporary folder, from Debian's binaries, on a Unix socket.
/// </summary>
public sealed class PostgreSqlServer : IDisposable
{
    private const string Variable = "ACTORINFERENCE_TEST_POSTGRES";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static int _databases;

    private readonly string? _folder;
    private readonly string? _binaries;
    private readonly string? _connectionString;
    private readonly string _reason = "";

    public PostgreSqlServer()
    {
        _connectionString = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(_connectionString)) return;
        _binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin"))
                .FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")))
            : null;
        if (_binaries is null)
        {
            _reason = $"there is no PostgreSQL: neither {Variable} nor /usr/lib/postgresql/*/bin/initdb";
            return;
        }

        _folder = Directory.CreateTempSubdirectory("pg-").FullName;
        Initialize();
        Start();
        _connectionString = $"Host={_folder};Username=postgres;Database=postgres;Timeout={Patience.TotalSeconds};Command Timeout={Patience.TotalSeconds}";
    }

    private static bool IsRoot => Environment.UserName == "root";

    private string Data => Path.Combine(_folder!, "data");

    /// <summary>A new database. Skips the test if there is no server.</summary>
    public string CreateDatabase()
    {
        Skip.If(string.IsNullOrEmpty(_connectionString), _reason);
        var name = $"persistence_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        Execute($"CREATE DATABASE {name}");
        return new NpgsqlConnectionStringBuilder(_connectionString) { Database = name }.ConnectionString;
    }

    public void DropDatabase(string connectionString)
    {
        NpgsqlConnection.ClearAllPools();
        Execute($"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");
    }

    /// <summary>Cuts the connections of all others to a database.</summary>
    public void CutConnections(string connectionString) => Execute(
        $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{new NpgsqlConnectionStringBuilder(connectionString).Database}'");

    /// <summary>Lets a database take no new connections, or again.</summary>
    public void AllowConnections(string connectionString, bool allow) => Execute(
        $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH ALLOW_CONNECTIONS {allow}");

    public void Dispose()
    {
        if (_folder is null) return;
        NpgsqlConnection.ClearAllPools();
        Run("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        Directory.Delete(_folder, recursive: true);
    }

    private void Initialize()
    {
        if (IsRoot) RunAsIs("chown", ["postgres", _folder!]);
        Run("initdb", "-D", Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync");
    }

    private void Start() => Run(
        "pg_ctl", "-D", Data, "-w", "-t", $"{Patience.TotalSeconds}", "-l", Path.Combine(_folder!, "log"),
        "-o", $"-k {_folder} -c listen_addresses='' -c fsync=off", "start");   // The tests kill clients and cut connections; the machine's power stays on.

    private void Execute(string sql)
    {
        using var connection = new NpgsqlConnection(_connectionString);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>A PostgreSQL program, which refuses to run as root.</summary>
    private void Run(string program, params string[] arguments)
    {
        var path = Path.Combine(_binaries!, program);
        if (IsRoot) RunAsIs("runuser", ["-u", "postgres", "--", path, .. arguments]);
        else RunAsIs(path, arguments);
    }

    private void RunAsIs(string program, string[] arguments)
    {
        // Its output is left alone: the server would inherit a pipe and keep it open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", program, .. arguments])
        {
            WorkingDirectory = _folder,
        })!;
        if (!process.WaitForExit(Patience)) throw new TimeoutException($"{program} {string.Join(' ', arguments)} has not ended within {Patience.TotalSeconds} s.");
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with exit code {process.ExitCode}.");
    }
}

[CollectionDefinition(Name)]
public sealed class PostgreSqlCollection : ICollectionFixture<PostgreSqlServer>
{
    public const string Name = "PostgreSQL";
}
