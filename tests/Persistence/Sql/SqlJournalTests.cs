using System.Data.Common;
using Akka.Actor;
using Akka.Persistence.Journal;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests.Sql;

/// <summary>What holds for every database.</summary>
public abstract class SqlJournalTests
{
    protected abstract string ProviderName { get; }

    /// <summary>A database of this test's own. Skips the test where there is none.</summary>
    protected abstract string ConnectionString { get; }

    protected abstract DbConnection Connect();

    [SkippableFact]
    public async Task Events_and_snapshots_outlive_the_system()
    {
        await using (var first = await Start())
        {
            var ledger = first.Actors.StartLedger("outlives");
            await ledger.Do(new BookAll([1, 2, 3]));
            await ledger.Do(new TakeSnapshot());
            await ledger.Do(new Book(4));
            await ledger.Do(new Forget(3));
        }

        await using var second = await Start();
        var state = await second.Actors.StartLedger("outlives").StateOf();

        Assert.Equal([1, 2, 3, 4], state.Amounts.AsEnumerable());
        Assert.Equal(4, state.SequenceNr);
    }

    [SkippableFact]
    public async Task Numbers_go_on_where_all_events_have_been_deleted()
    {
        await using (var first = await Start())
        {
            var ledger = first.Actors.StartLedger("deleted");
            await ledger.Do(new BookAll([1, 2, 3]));
            await ledger.Do(new Forget(3));
        }

        await using var second = await Start();
        var again = second.Actors.StartLedger("deleted");

        Assert.Empty(await again.AmountsOf());
        Assert.Equal(4, await again.Do(new Book(4)));
    }

    [SkippableFact]
    public async Task A_second_writer_of_one_persistence_id_is_fenced_out()
    {
        await using var first = await Start();
        await using var second = await Start();
        var (mine, yours) = (first.Actors.StartLedger("contested"), second.Actors.StartLedger("contested"));
        Assert.Empty(await mine.AmountsOf());
        Assert.Empty(await yours.AmountsOf());

        await mine.Do(new Book(1));
        await StopsAfter(second.Actors, yours, new BookAll([2, 3]));

        Assert.Equal([1], await second.Actors.StartLedger("contested").AmountsOf());
        Assert.Equal(2, await mine.Do(new Book(4)));
    }

    [SkippableFact]
    public async Task A_fenced_writer_takes_no_other_actor_with_it()
    {
        await using var first = await Start();
        await using var second = await Start();
        var yours = second.Actors.StartLedger("contested-2");
        Assert.Empty(await yours.AmountsOf());
        await first.Actors.StartLedger("contested-2").Do(new Book(1));

        var others = Enumerable.Range(0, 50).Select(i => second.Actors.StartLedger($"bystander-{i}")).ToList();
        foreach (var other in others) await other.AmountsOf();
        var answers = others.Select(other => other.Do(new Book(1))).ToList();
        await StopsAfter(second.Actors, yours, new Book(2));

        Assert.All(await Task.WhenAll(answers), number => Assert.Equal(1, number));
    }

    [SkippableFact]
    public async Task Many_actors_write_side_by_side_and_lose_nothing()
    {
        const int Actors = 40;
        const int Events = 25;
        await using (var first = await Start())
        {
            var ledgers = Enumerable.Range(0, Actors).Select(i => first.Actors.StartLedger($"many-{i}")).ToList();
            var answers = from ledger in ledgers from i in Enumerable.Range(1, Events) select ledger.Do(new Book(i));
            await Task.WhenAll(answers.ToList());
        }

        await using var second = await Start();
        for (var i = 0; i < Actors; i++)
            Assert.Equal(Enumerable.Range(1, Events), await second.Actors.StartLedger($"many-{i}").AmountsOf());
    }

    [SkippableFact]
    public async Task Several_nodes_may_create_the_tables_at_once()
    {
        var systems = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Start()));

        var answers = systems.Select((system, i) => system.Actors.StartLedger($"node-{i}").Do(new Book(1)));

        Assert.All(await Task.WhenAll(answers), number => Assert.Equal(1, number));
        foreach (var system in systems) await system.DisposeAsync();
    }

    [SkippableFact]
    public async Task Tags_stand_in_their_table()
    {
        await using var system = await SqlSystem.Start(
            ConnectionString, ProviderName, journal => journal.AddWriteEventAdapter<EvenOrOdd>("even-or-odd", [typeof(Booked)]));
        await system.Actors.StartLedger("tagged").Do(new BookAll([1, 2, 3]));

        await using var connection = Connect();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM tags JOIN journal ON ordering_id = ordering WHERE tag = 'odd' AND sequence_number IN (1, 3)";
        Assert.Equal(2L, await command.ExecuteScalarAsync());
    }

    [SkippableFact]
    public async Task An_event_that_cannot_be_serialized_is_refused_and_the_actor_goes_on()
    {
        await using var system = await Start();
        var actor = system.Actors.ActorOf(Props.Create(() => new Careless("careless")));

        Assert.Equal("refused", await actor.Ask<string>(new Unwritable(), LedgerQuestions.Deadline));
        Assert.Equal("kept", await actor.Ask<string>("fine", LedgerQuestions.Deadline));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Replay_equals_state(int seed)
    {
        const int Lives = 4;
        const int Steps = 40;
        var model = new LedgerModel($"random-{seed}", seed);
        for (var life = 0; life < Lives; life++)
        {
            await using var system = await Start();
            model.Start(system.Actors);
            for (var step = 0; step < Steps; step++)
            {
                try
                {
                    await model.Step();
                }
                catch (Exception e)
                {
                    throw new Exception($"Seed {seed}, life {life}, step {step}: {e.Message}", e);
                }
            }

            await model.Check();
        }
    }

    private protected Task<SqlSystem> StartWith(string connectionString) => SqlSystem.Start(connectionString, ProviderName);

    private protected Task<SqlSystem> Start() => StartWith(ConnectionString);

    /// <summary>Sends a command whose write must fail, and waits for the end of the actor.</summary>
    protected static async Task StopsAfter(ActorSystem system, IActorRef ledger, object command)
    {
        using var inbox = Inbox.Create(system);
        inbox.Watch(ledger);
        ledger.Tell(command);
        Assert.IsType<Terminated>(await inbox.ReceiveAsync(LedgerQuestions.Deadline));
    }

    public sealed class EvenOrOdd : IWriteEventAdapter
    {
        public string Manifest(object evt) => "";

        public object ToJournal(object evt) => new Tagged(evt, [((Booked)evt).Amount % 2 == 0 ? "even" : "odd"]);
    }

    /// <summary>An event that no serializer can write.</summary>
    public sealed class Unwritable
    {
        public object Value => throw new TestFailure("cannot be read");
    }

    private sealed class Careless : Akka.Persistence.UntypedPersistentActor
    {
        private IActorRef _asker = ActorRefs.Nobody;

        public Careless(string persistenceId) => PersistenceId = persistenceId;

        public override string PersistenceId { get; }

        protected override void OnRecover(object message)
        {
        }

        protected override void OnCommand(object message)
        {
            _asker = Sender;
            Persist(message, _ => _asker.Tell("kept"));
        }

        protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => _asker.Tell("refused");
    }
}
