using Akka.Actor;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests.Semantics;

public sealed class RecoveryTests() : TestKit(TestSettings.InMemory)
{
    [Fact]
    public async Task A_new_incarnation_has_the_state_of_the_old_one()
    {
        var first = Sys.StartLedger("again");
        await first.Do(new BookAll([1, 2, 3]));
        await Stop(first);

        var state = await Sys.StartLedger("again").StateOf();

        Assert.Equal([1, 2, 3], state.Amounts);
        Assert.Equal(3, state.SequenceNr);
    }

    [Fact]
    public async Task A_snapshot_stands_for_the_events_before_it()
    {
        var first = Sys.StartLedger("snapshot");
        await first.Do(new BookAll([1, 2]));
        Assert.Equal(2, await first.Do(new TakeSnapshot()));
        await first.Do(new Book(3));
        Assert.Equal(2, await first.Do(new Forget(2)));
        await Stop(first);

        Assert.Equal([1, 2, 3], await Sys.StartLedger("snapshot").AmountsOf());
    }

    [Fact]
    public async Task Without_its_snapshots_the_events_are_replayed_again()
    {
        var first = Sys.StartLedger("no-snapshot");
        await first.Do(new BookAll([1, 2]));
        await first.Do(new TakeSnapshot());
        await first.Do(new ForgetSnapshots());
        await Stop(first);

        Assert.Equal([1, 2], await Sys.StartLedger("no-snapshot").AmountsOf());
    }

    [Fact]
    public async Task Deleted_events_are_not_replayed_and_their_numbers_not_used_again()
    {
        var first = Sys.StartLedger("deleted");
        await first.Do(new BookAll([1, 2, 3]));
        await first.Do(new Forget(3));
        await Stop(first);

        var second = Sys.StartLedger("deleted");
        Assert.Empty(await second.AmountsOf());
        Assert.Equal(4, await second.Do(new Book(4)));
    }

    [Theory]
    [InlineData(3, long.MaxValue, new[] { 1, 2, 3 })]
    [InlineData(long.MaxValue, 2, new[] { 1, 2 })]
    [InlineData(0, long.MaxValue, new int[0])]
    public async Task Recovery_ends_at_its_limits_and_the_numbers_go_on(long toSequenceNr, long replayMax, int[] expected)
    {
        var id = $"limits-{toSequenceNr}-{replayMax}";
        var first = Sys.StartLedger(id);
        await first.Do(new BookAll([1, 2, 3, 4, 5]));
        await Stop(first);

        var recovery = new Recovery(SnapshotSelectionCriteria.Latest, toSequenceNr, replayMax);
        var second = Sys.ActorOf(Props.Create(() => new Ledger(id, recovery)));

        Assert.Equal(expected, await second.AmountsOf());
        Assert.Equal(6, await second.Do(new Book(6)));
    }

    [Fact]
    public async Task Recovery_may_ask_for_an_older_snapshot()
    {
        var first = Sys.StartLedger("older");
        await first.Do(new Book(1));
        await first.Do(new TakeSnapshot());
        await first.Do(new Book(2));
        await first.Do(new TakeSnapshot());
        await Stop(first);

        var recovery = new Recovery(new SnapshotSelectionCriteria(1), 1);
        Assert.Equal([1], await Sys.ActorOf(Props.Create(() => new Ledger("older", recovery))).AmountsOf());
    }

    [Fact]
    public void The_order_is_snapshot_events_completion_and_then_commands()
    {
        var first = Sys.ActorOf(Props.Create(() => new Witness("witness", TestActor)));
        foreach (var message in new object[] { 1, "save", 2 }) first.Tell(message);
        ExpectMsg("completed");
        ExpectMsg("saved");
        Watch(first);
        first.Tell("stop");
        ExpectTerminated(first);

        var second = Sys.ActorOf(Props.Create(() => new Witness("witness", TestActor)));
        second.Tell(3);

        foreach (var expected in new[] { "offer 1 at 1", "event 2", "completed", "command 3" }) ExpectMsg(expected);
    }

    [Fact]
    public async Task An_exception_while_recovering_stops_the_actor()
    {
        var first = Sys.ActorOf(Props.Create(() => new Witness("poison", TestActor)));
        first.Tell(13);
        first.Tell("stop");
        await WatchAsync(first);
        ExpectMsg("completed");
        await ExpectTerminatedAsync(first);

        await EventFilter.Error(contains: "poison").ExpectOneAsync(async () =>
        {
            var second = Sys.ActorOf(Props.Create(() => new Witness("poison", TestActor)));
            await WatchAsync(second);
            await ExpectTerminatedAsync(second);
        });
    }

    [Fact]
    public async Task An_empty_persistence_id_stops_the_actor()
    {
        await EventFilter.Exception<ActorInitializationException>().ExpectOneAsync(async () =>
        {
            var actor = Sys.ActorOf(Props.Create(() => new Ledger("")));
            await WatchAsync(actor);
            await ExpectTerminatedAsync(actor);
        });
    }

    private async Task Stop(IActorRef actor) => Assert.True(await actor.GracefulStop(LedgerQuestions.Deadline));

    private sealed class Witness : UntypedPersistentActor
    {
        private readonly IActorRef _probe;
        private bool _replayed;

        public Witness(string persistenceId, IActorRef probe)
        {
            PersistenceId = persistenceId;
            _probe = probe;
        }

        public override string PersistenceId { get; }

        protected override void OnRecover(object message)
        {
            _replayed |= message is not RecoveryCompleted;
            switch (message)
            {
                case SnapshotOffer offer: _probe.Tell($"offer {offer.Snapshot} at {offer.Metadata.SequenceNr}"); break;
                case 13: throw new TestFailure("unlucky");
                case RecoveryCompleted: _probe.Tell("completed"); break;
                default: _probe.Tell($"event {message}"); break;
            }
        }

        protected override void OnCommand(object message)
        {
            switch (message)
            {
                case int i when _replayed: _probe.Tell($"command {i}"); break;
                case int i: Persist(i, _ => { }); break;
                case "save": SaveSnapshot(LastSequenceNr); break;
                case SaveSnapshotSuccess: _probe.Tell("saved"); break;
                case "stop": DeferAsync(0, _ => Context.Stop(Self)); break;
            }
        }
    }
}

public sealed class RecoveryLimitTests() : TestKit(TestSettings.With<HoldingJournal>() + "\nakka.persistence.max-concurrent-recoveries = 3")
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task No_more_actors_recover_at_once_than_are_allowed()
    {
        var ledgers = Enumerable.Range(0, 12).Select(i => Sys.StartLedger($"limited-{i}")).ToList();
        var answers = ledgers.Select(ledger => ledger.Do(new Book(1))).ToList();

        for (var recovered = 0; recovered < ledgers.Count; recovered += 3)
        {
            await AwaitConditionAsync(() => Task.FromResult(HoldingJournal.Waiting >= 3), LedgerQuestions.Deadline);
            await ExpectNoMsgAsync(Moment);
            Assert.Equal(3, HoldingJournal.Waiting);
            HoldingJournal.LetGo();
        }

        Assert.All(await Task.WhenAll(answers), number => Assert.Equal(1, number));
    }
}
