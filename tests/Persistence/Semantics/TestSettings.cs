namespace ActorInference.Persistence.Tests.Semantics;

/// <summary>Journals of tests beside those in memory.</summary>
internal static class TestSettings
{
    public const string InMemory =
        """
        akka.loglevel = WARNING
        akka.test { single-expect-default = 60s, default-timeout = 60s, filter-leeway = 60s }
        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        akka.persistence.snapshot-store.inmem.class = "Akka.Persistence.Snapshot.MemorySnapshotStore, Akka.Persistence"
        """;

    /// <summary>The settings above with another journal as the default.</summary>
    public static string With<TJournal>() =>
        InMemory + $$"""

        akka.persistence.journal.plugin = "akka.persistence.journal.test"
        akka.persistence.journal.test {
          class = "{{typeof(TJournal).FullName}}, {{typeof(TJournal).Assembly.GetName().Name}}"
          plugin-dispatcher = "akka.actor.default-dispatcher"
        }
        """;
}
