using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>Keeps events for the life of the journal actor.</summary>
public class MemoryJournal : AsyncWriteJournal
{
    private readonly ConcurrentDictionary<string, Stream> _streams = new();

    private sealed class Stream
    {
        public readonly Lock Lock = new();
        public readonly SortedList<long, IPersistentRepresentation> Events = [];
        public long Highest;
    }

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        foreach (var write in messages)
        {
            var stream = _streams.GetOrAdd(write.PersistenceId, static _ => new Stream());
            lock (stream.Lock)
            {
                foreach (var e in write.Events)
                {
                    stream.Events[e.SequenceNr] = e;
                    stream.Highest = Math.Max(stream.Highest, e.SequenceNr);
                }
            }
        }

        return Task.FromResult<IImmutableList<Exception>>(null);
    }

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr)
    {
        if (!_streams.TryGetValue(persistenceId, out var stream)) return Task.FromResult(0L);
        lock (stream.Lock) return Task.FromResult(stream.Highest);
    }

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        if (!_streams.TryGetValue(persistenceId, out var stream)) return Task.CompletedTask;
        IPersistentRepresentation[] events;
        lock (stream.Lock)
        {
            events = stream.Events.Values
                .Where(e => e.SequenceNr >= fromSequenceNr && e.SequenceNr <= toSequenceNr)
                .Take((int)Math.Min(max, int.MaxValue)).ToArray();
        }

        foreach (var e in events) recoveryCallback(e);
        return Task.CompletedTask;
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr)
    {
        if (!_streams.TryGetValue(persistenceId, out var stream)) return Task.CompletedTask;
        lock (stream.Lock)
        {
            while (stream.Events.Count > 0 && stream.Events.GetKeyAtIndex(0) <= toSequenceNr) stream.Events.RemoveAt(0);
        }

        return Task.CompletedTask;
    }
}
