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

/// <summary>A journal in memory whose recoveries wait until the test lets those go that have come.</summary>
public sealed class HoldingJournal : MemoryJournal
{
    private static readonly ConcurrentQueue<TaskCompletionSource> Held = new();

    public static int Waiting => Held.Count;

    /// <summary>Not those who come into the places of the first that are let go.</summary>
    public static void LetGo()
    {
        for (var left = Held.Count; left > 0 && Held.TryDequeue(out var one); left--) one.SetResult();
    }

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Held.Enqueue(turn);
        await turn.Task;
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
