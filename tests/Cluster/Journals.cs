using ActorInference.Persistence.Tests.Sql;

namespace ActorInference.Cluster.Tests;

/// <summary>A database for one test.</summary>
public sealed class Journals : IDisposable
{
    private readonly string? _folder;
    private readonly Action _drop;

    private Journals(Journal journal, string? folder, Action drop)
    {
        Journal = journal;
        _folder = folder;
        _drop = drop;
    }

    public Journal Journal { get; }

    /// <summary>A file that all processes of this host share.</summary>
    public static Journals Sqlite()
    {
        var folder = Directory.CreateTempSubdirectory("cluster-").FullName;
        return new Journals(new Journal("SQLite.MS", $"Data Source={Path.Combine(folder, "journal.db")}"), folder, () => { });
    }

    public static Journals PostgreSql(PostgreSqlServer server)
    {
        var database = server.CreateDatabase();
        return new Journals(new Journal("PostgreSQL.15", database), null, () => server.DropDatabase(database));
    }

    public void Dispose()
    {
        _drop();
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }
}
