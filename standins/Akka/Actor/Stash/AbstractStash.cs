using Akka.Dispatch;

namespace Akka.Actor.Internal;

/// <summary>A stash over a mailbox that takes messages back at its front.</summary>
public abstract class AbstractStash : IStash
{
    private readonly ActorCell _cell;
    private readonly LinkedList<Envelope> _stashed = new();
    private long _lastStashed = -1;

    private protected AbstractStash(ActorCell cell, int capacity)
    {
        _cell = cell;
        Capacity = capacity;
    }

    public int Capacity { get; }

    public int Count => _stashed.Count;

    public bool IsEmpty => Count == 0;

    public bool NonEmpty => !IsEmpty;

    public bool IsFull => Capacity >= 0 && Count >= Capacity;

    public void Stash()
    {
        var message = _cell.CurrentMessage ?? throw new InvalidOperationException("There is no message to stash.");
        if (_lastStashed == _cell.CurrentEnvelopeId)
            throw new IllegalActorStateException($"Can't stash the same message {message} more than once");
        if (IsFull) throw new StashOverflowException($"Couldn't enqueue message {message} from {_cell.Sender} to stash of {_cell.Self}");
        _stashed.AddLast(new Envelope(message, _cell.SenderOrNull));
        _lastStashed = _cell.CurrentEnvelopeId;
    }

    public void Unstash()
    {
        if (_stashed.First is not { Value: var first }) return;
        _stashed.RemoveFirst();
        EnqueueFirst(first);
    }

    public void UnstashAll() => UnstashAll(static _ => true);

    /// <summary>Those that the predicate refuses are dropped, as Akka.NET does.</summary>
    public void UnstashAll(Func<Envelope, bool> predicate)
    {
        while (_stashed.Last is { Value: var last })
        {
            _stashed.RemoveLast();
            if (predicate(last)) EnqueueFirst(last);
        }
    }

    public IEnumerable<Envelope> ClearStash()
    {
        var all = _stashed.ToList();
        _stashed.Clear();
        return all;
    }

    public void Prepend(IEnumerable<Envelope> envelopes)
    {
        foreach (var envelope in envelopes.Reverse())
        {
            if (!_stashed.Any(known => ReferenceEquals(known.Message, envelope.Message) && Equals(known.Sender, envelope.Sender)))
                _stashed.AddFirst(envelope);
        }
    }

    private void EnqueueFirst(Envelope envelope)
    {
        if (_cell.Mailbox.MessageQueue is not IDequeBasedMessageQueueSemantics queue)
        {
            throw new NotSupportedException(
                $"{_cell.Self} has a stash, and its mailbox [{_cell.Mailbox.MessageQueue.GetType()}] takes no messages back at its front.");
        }

        queue.EnqueueFirst(envelope);
        if (envelope.Message is Terminated terminated) _cell.ExpectAgain(terminated);
    }
}

public sealed class UnboundedStash : AbstractStash
{
    internal UnboundedStash(ActorCell cell)
        : base(cell, capacity: -1)
    {
    }
}

public sealed class BoundedStash : AbstractStash
{
    private const int DefaultCapacity = 100;

    internal BoundedStash(ActorCell cell, int capacity)
        : base(cell, capacity > 0 ? capacity : DefaultCapacity)
    {
    }
}
