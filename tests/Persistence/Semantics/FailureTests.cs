using Akka.Actor;
using Akka.TestKit.Xunit2;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests.Semantics;

public sealed class FailureTests() : TestKit(TestSettings.With<FussyJournal>())
{
    [Fact]
    public async Task A_failed_write_stops_the_actor_with_one_error()
    {
        var ledger = Sys.StartLedger("burnt");
        await ledger.Do(new Book(1));
        await WatchAsync(ledger);

        await EventFilter.Error(contains: "burnt").ExpectOneAsync(async () =>
        {
            ledger.Tell(new BookAll([2, FussyJournal.FailedAmount, 3]));
            await ExpectTerminatedAsync(ledger);
        });

        Assert.Equal([1], await Sys.StartLedger("burnt").AmountsOf());
    }

    [Fact]
    public async Task A_rejected_event_is_logged_and_the_actor_goes_on()
    {
        var ledger = Sys.StartLedger("refused");
        await ledger.Do(new Book(1));

        await EventFilter.Error(contains: "refused").ExpectOneAsync(async () =>
        {
            ledger.Tell(new Book(FussyJournal.RejectedAmount));
            await ledger.Do(new Book(2));
        });

        Assert.Equal([1, 2], await ledger.AmountsOf());
    }

    [Fact]
    public async Task A_restart_after_a_failure_recovers_what_was_persisted()
    {
        var ledger = Sys.StartLedger("restarted");
        await ledger.Do(new BookAll([1, 2]));

        await EventFilter.Exception<TestFailure>().ExpectOneAsync(() =>
        {
            ledger.Tell(new Fail());
            return Task.CompletedTask;
        });

        Assert.Equal([1, 2], await ledger.AmountsOf());
        Assert.Equal(3, await ledger.Do(new Book(3)));
    }

    [Fact]
    public async Task An_event_whose_handler_failed_is_there_after_the_restart()
    {
        var ledger = Sys.StartLedger("handler");

        await EventFilter.Exception<TestFailure>().ExpectOneAsync(() =>
        {
            ledger.Tell(new BookAndFail(1));
            return Task.CompletedTask;
        });

        Assert.Equal([1], await ledger.AmountsOf());
    }

    [Fact]
    public async Task Commands_that_wait_survive_a_restart_in_their_order()
    {
        var ledger = Sys.StartLedger("patient");

        await EventFilter.Exception<TestFailure>().ExpectAsync(2, () =>
        {
            foreach (var amount in Enumerable.Range(101, 20))
            {
                ledger.Tell(new Book(amount));
                if (amount is 105) ledger.Tell(new BookAndFail(0));
                if (amount is 110) ledger.Tell(new Fail());
            }

            return Task.CompletedTask;
        });

        Assert.Equal([.. Enumerable.Range(101, 5), 0, .. Enumerable.Range(106, 15)], await ledger.AmountsOf());
    }
}

public sealed class UnreadableJournalTests() : TestKit(TestSettings.With<UnreadableJournal>())
{
    [Fact]
    public async Task A_journal_that_cannot_be_read_stops_the_actor_with_one_error()
    {
        var first = Sys.StartLedger("closed-book");
        await first.Do(new Book(1));
        await first.GracefulStop(LedgerQuestions.Deadline);

        await EventFilter.Error(contains: "closed-book").ExpectOneAsync(async () =>
        {
            var second = Sys.StartLedger("closed-book");
            await WatchAsync(second);
            await ExpectTerminatedAsync(second);
        });
    }
}
