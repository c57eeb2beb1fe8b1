using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using static ActorInference.Persistence.Tests.LedgerProtocol;

namespace ActorInference.Persistence.Tests;

/// <summary>A journal in memory that fails and rejects certain amounts.</summary>
public sealed class FussyJournal : MemoryJournal
{
    public const int FailedAmount = 13;
    public const int RejectedAmount = 14;

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages.ToList();
        if (writes.Any(write => Has(write, FailedAmount))) throw new TestFailure("the disk is on fire");
        await base.WriteMessagesAsync(writes.Where(write => !Has(write, RejectedAmount)));
        return writes.Select(write => Has(write, RejectedAmount) ? new TestFailure("not that") : null!).ToImmutableList<Exception>();
    }

    private static bool Has(AtomicWrite write, int amount) =>
        ((IEnumerable<IPersistentRepresentation>)write.Payload).Any(e => e.Payload is Booked booked && booked.Amount == amount);
}

/// <summary>A journal in memory whose writes wait until the test opens the gate of their persistence id.</summary>
public sealed class GatedJournal : MemoryJournal
{
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> Gates = new();

    public static void Close(string persistenceId) => Gates[persistenceId] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public static void Open(string persistenceId) => Gates[persistenceId].SetResult();

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages.ToList();
        if (Gates.TryGetValue(writes[0].PersistenceId, out var gate)) await gate.Task;
        return await base.WriteMessagesAsync(writes);
    }
}

/// <summary>A journal in memory that counts how many replays run at once.</summary>
public sealed class CountingJournal : MemoryJournal
{
    private static readonly TimeSpan LongEnoughToOverlap = TimeSpan.FromMilliseconds(10);
    private static int _running;
    private static int _most;

    public static int MostAtOnce => Volatile.Read(ref _most);

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr)
    {
        var now = Interlocked.Increment(ref _running);
        for (var most = MostAtOnce; now > most && Interlocked.CompareExchange(ref _most, now, most) != most; most = MostAtOnce)
        {
        }

        await Task.Delay(LongEnoughToOverlap);
        Interlocked.Decrement(ref _running);
        return await base.ReadHighestSequenceNrAsync(persistenceId, fromSequenceNr);
    }
}

/// <summary>A journal in memory from which nothing can be read.</summary>
public sealed class UnreadableJournal : MemoryJournal
{
    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback) =>
        Task.FromException(new TestFailure("unreadable"));
}
