using Akka.Configuration;

namespace ActorInference.TestNode;

/// <summary>What the command line says: <c>HOST PROVIDER CONNECTION-STRING [HOCON]</c>.</summary>
/// <param name="Host">Address to listen on and to be known by; the port is a free one, unless the HOCON says.</param>
/// <param name="Provider"><c>SQLite.MS</c> or <c>PostgreSQL.15</c>.</param>
/// <param name="ConnectionString">The database of the journal, and of sharding's own state.</param>
/// <param name="Hocon">What else a test wants set.</param>
internal sealed record NodeOptions(string Host, string Provider, string ConnectionString, string Hocon)
{
    /// <summary>The moment between the hand-off of a leaving node's shards and its leaving.</summary>
    public const string PhaseHandedOff = "handed-off";

    public static NodeOptions Parse(string[] arguments) => arguments.Length is 3 or 4
        ? new NodeOptions(arguments[0], arguments[1], arguments[2], arguments.ElementAtOrDefault(3) ?? "")
        : throw new ArgumentException("Usage: HOST PROVIDER CONNECTION-STRING [HOCON]");

    public Config ToConfig() => ConfigurationFactory.ParseString(Hocon).WithFallback(ConfigurationFactory.ParseString(
        $$"""
        akka {
          actor.provider = cluster
          loglevel = INFO
          stdout-loglevel = OFF
          log-dead-letters = off
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            phases {
              cluster-sharding-shutdown-region.timeout = 40s   # A busy machine takes its time.
              {{PhaseHandedOff}}.depends-on = [cluster-sharding-shutdown-region]
              cluster-leave.depends-on = [{{PhaseHandedOff}}]
            }
          }
          remote {
            log-remote-lifecycle-events = off
            dot-netty.tcp {
              hostname = "{{Host}}"
              port = 0
            }
          }
          cluster {
            sharding {
              state-store-mode = ddata
              distributed-data.durable.keys = []
              remember-entities = off
              passivate-idle-entity-after = off
            }
          }
          persistence {
            journal {
              plugin = "akka.persistence.journal.sql"
              sql {
                class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
                connection-string = "{{ConnectionString}}"
                provider-name = "{{Provider}}"
              }
            }
            snapshot-store {
              plugin = "akka.persistence.snapshot-store.sql"
              sql {
                class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
                connection-string = "{{ConnectionString}}"
                provider-name = "{{Provider}}"
              }
            }
          }
        }
        """));
}
