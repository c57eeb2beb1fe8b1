using System.Diagnostics;

namespace ActorInference.Sharding.Tests;

/// <summary>A SQLite file that all nodes of a test keep their journal and snapshots in.</summary>
public sealed class SharedDatabase : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sharding-").FullName;

    /// <summary>Persistence in the file, and sharding that keeps its own state there.</summary>
    public string Hocon =>
        $$"""
        akka.cluster.sharding.state-store-mode = persistence
        akka.persistence {
          journal {
            plugin = "akka.persistence.journal.sql"
            sql {
              class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
              connection-string = "{{ConnectionString}}"
              provider-name = "SQLite.MS"
            }
          }
          snapshot-store {
            plugin = "akka.persistence.snapshot-store.sql"
            sql {
              class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
              connection-string = "{{ConnectionString}}"
              provider-name = "SQLite.MS"
            }
          }
        }
        """;

    private string ConnectionString => $"Data Source={Path.Combine(_folder, "journal.db")}";

    /// <summary>What a node was writing when it was killed may add a file while the folder is emptied: then it is emptied again.</summary>
    public void Dispose()
    {
        var watch = Stopwatch.StartNew();
        while (Directory.Exists(_folder))
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (watch.Elapsed < ShardingNode.Patience)
            {
                // Not empty yet.
            }
        }
    }
}
