using System.Data.Common;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Microsoft.Data.Sqlite;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests.Sql;

/// <summary>A real file, and what may be wrong with it.</summary>
public sealed class SqliteJournalTests : SqlJournalTests, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("persistence-").FullName;

    static SqliteJournalTests() => SQLitePCL.Batteries_V2.Init();

    protected override string ProviderName => "SQLite.MS";

    protected override string ConnectionString => $"Data Source={File}";

    private string File => Path.Combine(_folder, "journal.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_read_only_database_can_be_recovered_from_and_fails_writes()
    {
        await using (var writer = await Start()) await writer.Actors.StartLedger("frozen").Do(new Book(1));

        await using var reader = await StartWith($"Data Source={File};Mode=ReadOnly");
        var ledger = reader.Actors.StartLedger("frozen");
        Assert.Equal([1], await ledger.AmountsOf());
        await StopsAfter(reader.Actors, ledger, new Book(2));

        Assert.Equal([1], await reader.Actors.StartLedger("frozen").AmountsOf());
    }

    [Fact]
    public async Task A_locked_database_fails_writes_until_it_is_free()
    {
        await using var system = await StartWith($"Data Source={File};Default Timeout=1");
        var ledger = system.Actors.StartLedger("locked");
        await ledger.Do(new Book(1));

        await using (var other = Connect())
        {
            await other.OpenAsync();
            await using var transaction = await other.BeginTransactionAsync();   // IMMEDIATE: one writer at a time.
            await StopsAfter(system.Actors, ledger, new Book(2));
        }

        var again = system.Actors.StartLedger("locked");
        Assert.Equal([1], await again.AmountsOf());
        Assert.Equal(2, await again.Do(new Book(3)));
    }

    [Fact]
    public async Task A_database_that_cannot_be_opened_stops_the_actor()
    {
        await using var system = await StartWith($"Data Source={Path.Combine(_folder, "nowhere", "journal.db")}");

        await StopsAfter(system.Actors, system.Actors.StartLedger("nowhere"), new GetState());
    }

    [Fact]
    public async Task A_file_that_is_no_database_stops_the_actor()
    {
        await System.IO.File.WriteAllTextAsync(File, string.Concat(Enumerable.Repeat("no database ", 1000)));
        await using var system = await Start();

        await StopsAfter(system.Actors, system.Actors.StartLedger("garbage"), new GetState());
    }

    [Fact]
    public async Task A_failed_write_is_logged_once_and_by_persistence_id()
    {
        await using (var writer = await Start()) await writer.Actors.StartLedger("logged").Do(new Book(1));
        await using var system = await SqlSystem.Start($"Data Source={File};Mode=ReadOnly", ProviderName, hocon: "akka.loglevel = ERROR");
        var ledger = system.Actors.StartLedger("logged");
        Assert.Equal([1], await ledger.AmountsOf());
        using var inbox = Inbox.Create(system.Actors);
        system.Actors.EventStream.Subscribe(inbox.Receiver, typeof(Error));

        await StopsAfter(system.Actors, ledger, new BookAll([2, 3, 4]));
        var end = new Error(null, "test", GetType(), "the end");
        system.Actors.EventStream.Publish(end);

        var error = Assert.IsType<Error>(await inbox.ReceiveAsync(LedgerQuestions.Deadline));
        Assert.Contains("logged", error.ToString());
        Assert.Same(end, await inbox.ReceiveAsync(LedgerQuestions.Deadline));
    }

    [Fact]
    public async Task A_plug_in_that_is_not_the_default_is_chosen_by_its_id()
    {
        await using (var first = await SqlSystem.Start(ConnectionString, ProviderName, identifier: "archive"))
        {
            var archivist = first.Actors.ActorOf(Props.Create(() => new Archivist()));
            Assert.Equal(1, await archivist.Ask<int>("keep this", LedgerQuestions.Deadline));
        }

        await using var connection = Connect();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM journal WHERE persistence_id = 'archivist'";
        Assert.Equal(1L, await command.ExecuteScalarAsync());
    }

    [SkippableFact]
    public async Task A_full_disk_fails_writes_until_there_is_room()
    {
        using var disk = SmallDisk.Mount(_folder);
        await using var system = await StartWith($"Data Source={Path.Combine(disk.Path, "journal.db")}");
        var ledger = system.Actors.StartLedger("full");
        await ledger.Do(new Book(1));

        var ballast = Path.Combine(disk.Path, "ballast");
        disk.Fill(ballast);
        await StopsAfter(system.Actors, ledger, new BookAll([.. Enumerable.Range(0, 2000)]));
        System.IO.File.Delete(ballast);

        var again = system.Actors.StartLedger("full");
        Assert.Equal([1], await again.AmountsOf());
        Assert.Equal(2, await again.Do(new Book(2)));
    }

    protected override DbConnection Connect() => new SqliteConnection($"{ConnectionString};Pooling=False");

    private sealed class Archivist : ReceivePersistentActor
    {
        private int _kept;

        public Archivist()
        {
            JournalPluginId = "akka.persistence.journal.archive";
            SnapshotPluginId = "akka.persistence.snapshot-store.archive";
            Recover<string>(_ => _kept++);
            Command<string>(text => Persist(text, _ => Sender.Tell(++_kept)));
        }

        public override string PersistenceId => "archivist";
    }
}
