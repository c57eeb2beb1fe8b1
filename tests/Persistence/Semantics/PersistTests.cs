using Akka.Actor;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests.Semantics;

public sealed class PersistTests() : TestKit(TestSettings.With<GatedJournal>())
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Events_get_consecutive_sequence_numbers()
    {
        var ledger = Sys.StartLedger("numbers");

        Assert.Equal(1, await ledger.Do(new Book(7)));
        Assert.Equal(4, await ledger.Do(new BookAll([8, 9, 10])));
        Assert.Equal(5, await ledger.Do(new BookAsync(11)));
        Assert.Equal([7, 8, 9, 10, 11], await ledger.AmountsOf());
    }

    [Fact]
    public void Commands_wait_in_their_order_while_an_event_is_persisted()
    {
        GatedJournal.Close("waiting");
        var ledger = Sys.StartLedger("waiting");

        ledger.Tell(new Book(1));
        ledger.Tell(new GetState());
        foreach (var amount in Enumerable.Range(2, 50)) ledger.Tell(new Book(amount));
        ledger.Tell(new GetState());
        ExpectNoMsg(Moment);
        GatedJournal.Open("waiting");

        ExpectMsg(new Done(1));
        Assert.Equal([1], ExpectMsg<State>().Amounts);
        foreach (var number in Enumerable.Range(2, 50)) ExpectMsg(new Done(number));
        Assert.Equal(Enumerable.Range(1, 51), ExpectMsg<State>().Amounts);
    }

    [Fact]
    public void PersistAsync_lets_commands_in_meanwhile()
    {
        GatedJournal.Close("not-waiting");
        var ledger = Sys.StartLedger("not-waiting");

        ledger.Tell(new BookAsync(1));
        ledger.Tell(new GetState());
        Assert.Empty(ExpectMsg<State>().Amounts);
        GatedJournal.Open("not-waiting");

        ExpectMsg(new Done(1));
    }

    [Fact]
    public void Handlers_run_in_the_order_of_their_calls()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Mixed("mixed", TestActor)));

        actor.Tell("go");

        foreach (var expected in new[] { "persist 1", "async 2", "all 3", "all 4", "deferred", "nested 5" }) ExpectMsg(expected);
    }

    [Fact]
    public void DeferAsync_runs_at_once_where_nothing_is_pending()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Mixed("deferring", TestActor)));

        actor.Tell("defer");

        ExpectMsg("in the handler");
        ExpectMsg("after it");
    }

    [Fact]
    public void An_asynchronous_handler_persists_at_its_end_and_holds_commands_up()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Mixed("asynchronous", TestActor)));

        foreach (var text in new[] { "slow", "go" }) actor.Tell(text);

        ExpectMsg("awaited");
        ExpectMsg("persist 1");
        ExpectMsg("persist 1");
    }

    [Fact]
    public async Task The_users_own_stash_is_apart()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Stasher("stasher")));

        foreach (var i in Enumerable.Range(1, 5)) actor.Tell(i);
        actor.Tell("open");

        Assert.Equal([1, 2, 3, 4, 5], await actor.Ask<IReadOnlyList<int>>("all", LedgerQuestions.Deadline));
    }

    [Fact]
    public async Task Events_may_be_persisted_when_recovery_is_completed_and_not_before()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Eager("eager")));

        Assert.Equal("InvalidOperationException, then 1", await actor.Ask<string>("what", LedgerQuestions.Deadline));
    }

    [Fact]
    public async Task A_behaviour_may_change_with_an_event()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Door("door")));

        Assert.Equal("opened", await actor.Ask<string>("push", LedgerQuestions.Deadline));
        Assert.Equal("closed", await actor.Ask<string>("push", LedgerQuestions.Deadline));
    }

    private sealed class Mixed : UntypedPersistentActor
    {
        private readonly IActorRef _probe;

        public Mixed(string persistenceId, IActorRef probe)
        {
            PersistenceId = persistenceId;
            _probe = probe;
        }

        public override string PersistenceId { get; }

        protected override void OnRecover(object message)
        {
        }

        protected override void OnCommand(object message)
        {
            switch (message)
            {
                case "go": Go(); break;
                case "defer": Defer(); break;
                case "slow": RunTask(Slow); break;
            }
        }

        private void Go()
        {
            Persist(1, i =>
            {
                _probe.Tell($"persist {i}");
                PersistAsync(5, nested => _probe.Tell($"nested {nested}"));
            });
            PersistAsync(2, i => _probe.Tell($"async {i}"));
            PersistAll([3, 4], i => _probe.Tell($"all {i}"));
            DeferAsync("deferred", text => _probe.Tell(text));
        }

        private void Defer()
        {
            DeferAsync("in the handler", text => _probe.Tell(text));
            _probe.Tell("after it");
        }

        private async Task Slow()
        {
            Persist(1, i => _probe.Tell($"persist {i}"));
            await Task.Yield();
            _probe.Tell("awaited");
        }
    }

    private sealed class Stasher : ReceivePersistentActor
    {
        private readonly List<int> _seen = [];
        private bool _open;

        public Stasher(string persistenceId)
        {
            PersistenceId = persistenceId;
            Recover<int>(_seen.Add);
            Command<int>(i =>
            {
                if (_open) Persist(i, _seen.Add);
                else Stash.Stash();
            });
            Command<string>(text => text == "open", _ => Persist(true, _ =>
            {
                _open = true;
                Stash.UnstashAll();
            }));
            Command<string>(text => text == "all", _ =>
            {
                if (_seen.Count < 5) Self.Forward("all");
                else Sender.Tell(_seen.ToArray());
            });
        }

        public override string PersistenceId { get; }
    }

    private sealed class Eager : ReceivePersistentActor
    {
        private string _seen = "";

        public Eager(string persistenceId)
        {
            PersistenceId = persistenceId;
            Command<string>(_ => Sender.Tell(_seen));
            Recover<RecoveryCompleted>(_ => Persist(1, i => _seen += $", then {i}"));
        }

        public override string PersistenceId { get; }

        protected override void PreStart()
        {
            try
            {
                Persist(0, _ => { });
            }
            catch (InvalidOperationException e)
            {
                _seen = e.GetType().Name;
            }
        }
    }

    private sealed class Door : ReceivePersistentActor
    {
        public Door(string persistenceId)
        {
            PersistenceId = persistenceId;
            Closed();
        }

        public override string PersistenceId { get; }

        private void Closed() => Command<string>(_ => Persist("opened", text =>
        {
            Become(Opened);
            Sender.Tell(text);
        }));

        private void Opened() => Command<string>(_ => Persist("closed", text => Sender.Tell(text)));
    }
}
