using System.Collections.Immutable;

namespace Akka.Persistence.Journal;

/// <summary>What a read adapter makes of one stored event.</summary>
public interface IEventSequence
{
    IEnumerable<object> Events { get; }
}

/// <summary>Makes sequences of none, one or several events.</summary>
public static class EventSequence
{
    public static readonly IEventSequence Empty = new Sequence([]);

    public static IEventSequence Single(object e) => new Sequence([e]);

    public static IEventSequence Create(params object[] events) => new Sequence(events);

    public static IEventSequence Create(IEnumerable<object> events) => new Sequence([.. events]);

    private sealed record Sequence(object[] Items) : IEventSequence
    {
        public IEnumerable<object> Events => Items;
    }
}

/// <summary>Turns what an actor persists into what the journal keeps.</summary>
public interface IWriteEventAdapter
{
    /// <summary>Kept beside the event, for the read adapter; empty for nothing.</summary>
    string Manifest(object evt);

    object ToJournal(object evt);
}

/// <summary>Turns what a journal kept into what an actor replays.</summary>
public interface IReadEventAdapter
{
    IEventSequence FromJournal(object evt, string manifest);
}

public interface IEventAdapter : IWriteEventAdapter, IReadEventAdapter;

/// <summary>An event with the tags under which it can be queried.</summary>
public readonly struct Tagged
{
    public Tagged(object payload, IEnumerable<string> tags)
        : this(payload, (IImmutableSet<string>)tags.ToImmutableHashSet())
    {
    }

    public Tagged(object payload, IImmutableSet<string> tags) => (Payload, Tags) = (payload, tags);

    public object Payload { get; }

    public IImmutableSet<string> Tags { get; }
}
