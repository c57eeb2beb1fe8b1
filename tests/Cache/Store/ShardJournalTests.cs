using System.Collections.Immutable;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>A shard whose journal fails: nothing that was not written is acknowledged, and it goes on when the journal does.</summary>
public sealed class ShardJournalTests
{
    private const string Tenant = "acme";

    [Fact]
    public async Task A_put_whose_journaling_failed_is_not_acknowledged_and_the_shard_goes_on_when_the_journal_does()
    {
        var type = typeof(BreakableJournal);
        var config = ConfigurationFactory.ParseString(
            $$"""
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
            akka.persistence.journal.plugin = "test.journal"
            test.journal {
              class = "{{type.FullName}}, {{type.Assembly.GetName().Name}}"
              plugin-dispatcher = "akka.actor.default-dispatcher"
            }
            """);
        var system = ActorSystem.Create($"journal-{Guid.NewGuid():n}", config);
        try
        {
            var options = new CacheShardOptions { Buckets = 1 };
            var directory = system.ActorOf(StoreDirectoryActor.Props(new StoreLiveness { SuspectAfter = TimeSpan.FromHours(1), RemoveAfter = TimeSpan.FromHours(2) }, false));
            directory.Tell(Keys.Report(0));
            await StoreSystem.UntilAsync("the store is known", () => CacheProcess.Get(system).Table.TryGet(Keys.Store(0), out _));
            var shards = system.ActorOf(LocalShardsActor.Props(options, directory));
            await PutAsync(shards, 1, StoreSystem.Patience);

            BreakableJournal.IsBroken = true;
            await Assert.ThrowsAsync<AskTimeoutException>(() => PutAsync(shards, 2, TimeSpan.FromSeconds(1)));
            await StoreSystem.UntilAsync("the journal has failed", () => BreakableJournal.Failures > 0);
            BreakableJournal.IsBroken = false;

            await StoreSystem.UntilAsync("what was acknowledged is readable", async () => await LookAsync(shards, 1) == CacheOutcome.Done);
            Assert.NotEqual(CacheOutcome.Done, await LookAsync(shards, 2));
            await StoreSystem.UntilAsync("puts are taken again", async () => await TryPutAsync(shards, 3));
            Assert.Equal(CacheOutcome.Done, await LookAsync(shards, 3));
        }
        finally
        {
            BreakableJournal.IsBroken = false;
            await system.Terminate().WaitAsync(StoreSystem.Patience);
        }
    }

    private static async Task PutAsync(IActorRef shards, int number, TimeSpan deadline)
    {
        var started = await shards.Ask<PutStarted>(new PutStart(0, Tenant, Keys.Writer, "", Keys.Plain, [Keys.Page(number)]), StoreSystem.Patience);
        Assert.Equal(CacheOutcome.Done, started.Places[0].Outcome);
        var copy = new Replica(Keys.Store(0), Keys.Epoch(0), number, 1, 0);
        var ended = await shards.Ask<Outcomes>(new PutEnd(0, Tenant, Keys.Writer, [new EndedPage(Keys.Key(number), 7, [copy])]), deadline);
        Assert.Equal(CacheOutcome.Done, ended.Pages[0]);
    }

    private static async Task<bool> TryPutAsync(IActorRef shards, int number)
    {
        try
        {
            await PutAsync(shards, number, TimeSpan.FromSeconds(10));
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    private static async Task<CacheOutcome?> LookAsync(IActorRef shards, int number)
    {
        try
        {
            return (await shards.Ask<Found>(new Query(0, Tenant, Lease: false, Keys.Of(number)), TimeSpan.FromSeconds(10))).Pages[0].Outcome;
        }
        catch (AskTimeoutException)
        {
            return null;   // It is beginning again.
        }
    }
}

/// <summary>A journal in memory that fails while it is told to.</summary>
public sealed class BreakableJournal : MemoryJournal
{
    private static volatile bool _isBroken;
    private static int _failures;

    public static bool IsBroken
    {
        get => _isBroken;
        set => _isBroken = value;
    }

    /// <summary>Writes that have failed.</summary>
    public static int Failures => Volatile.Read(ref _failures);

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        if (!_isBroken) return base.WriteMessagesAsync(messages);
        Interlocked.Increment(ref _failures);
        return Task.FromException<IImmutableList<Exception>>(new IOException("the disk is on fire"));
    }
}
