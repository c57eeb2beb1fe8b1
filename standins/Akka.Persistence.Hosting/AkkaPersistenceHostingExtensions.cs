using Akka.Hosting;

namespace Akka.Persistence.Hosting;

/// <summary>Verbs of a host whose actors persist.</summary>
public static class AkkaPersistenceHostingExtensions
{
    /// <summary>Sets up a journal.</summary>
    public static AkkaConfigurationBuilder WithJournal(this AkkaConfigurationBuilder builder, JournalOptions options) => builder
        .AddHocon(options.ToConfig(), HoconAddMode.Prepend)
        .AddHocon(options.DefaultConfig, HoconAddMode.Append);

    /// <summary>Adds event adapters to a journal that is configured elsewhere.</summary>
    /// <param name="journalId">As in <c>akka.persistence.journal.ID</c>.</param>
    public static AkkaConfigurationBuilder WithJournal(
        this AkkaConfigurationBuilder builder, string journalId, Action<AkkaPersistenceJournalBuilder> journalBuilder)
    {
        var adapters = new AkkaPersistenceJournalBuilder(journalId, builder);
        journalBuilder(adapters);
        adapters.Build();
        return builder;
    }

    /// <summary>Sets up a snapshot store.</summary>
    public static AkkaConfigurationBuilder WithSnapshot(this AkkaConfigurationBuilder builder, SnapshotOptions options) => builder
        .AddHocon(options.ToConfig(), HoconAddMode.Prepend)
        .AddHocon(options.DefaultConfig, HoconAddMode.Append);

    public static AkkaConfigurationBuilder WithJournalAndSnapshot(
        this AkkaConfigurationBuilder builder, JournalOptions journalOptions, SnapshotOptions snapshotOptions) =>
        builder.WithJournal(journalOptions).WithSnapshot(snapshotOptions);

    /// <summary>A journal that lives as long as the actor system.</summary>
    public static AkkaConfigurationBuilder WithInMemoryJournal(this AkkaConfigurationBuilder builder) => builder.WithInMemoryJournal(_ => { });

    /// <summary>A journal that lives as long as the actor system, with event adapters.</summary>
    public static AkkaConfigurationBuilder WithInMemoryJournal(
        this AkkaConfigurationBuilder builder, Action<AkkaPersistenceJournalBuilder> journalBuilder, string journalId = "inmem", bool isDefaultPlugin = true)
    {
        builder.WithJournal(journalId, journalBuilder);
        return builder.AddHocon(InMemory("journal", journalId, "Akka.Persistence.Journal.MemoryJournal", isDefaultPlugin), HoconAddMode.Prepend);
    }

    /// <summary>A snapshot store that lives as long as the actor system.</summary>
    public static AkkaConfigurationBuilder WithInMemorySnapshotStore(
        this AkkaConfigurationBuilder builder, string snapshotStoreId = "inmem", bool isDefaultPlugin = true) =>
        builder.AddHocon(
            InMemory("snapshot-store", snapshotStoreId, "Akka.Persistence.Snapshot.MemorySnapshotStore", isDefaultPlugin), HoconAddMode.Prepend);

    private static string InMemory(string kind, string id, string type, bool isDefault)
    {
        var path = PluginOptions.Path(kind, id);
        return $"""
            {(isDefault ? $"akka.persistence.{kind}.plugin = {path.ToHocon()}" : "")}
            {path}.class = "{type}, Akka.Persistence"
            """;
    }
}
