using Akka.Actor;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Akka.Persistence;

/// <summary>
/// Commands that wait for recovery or for events. They come back one at a time, in front of the mailbox: each may persist
/// in its turn, and all others would have to be put aside again. The one that has come back keeps its place.
/// </summary>
internal sealed class CommandStash(ActorCell cell)
{
    private readonly LinkedList<Envelope> _waiting = new();
    private Envelope? _returned;   // In front of the mailbox, not handled yet.

    private IMessageQueue Mailbox => cell.Mailbox.MessageQueue;

    public void Add(object message)
    {
        var envelope = new Envelope(message, cell.SenderOrNull);
        if (IsReturned(envelope))
        {
            _returned = null;
            _waiting.AddFirst(envelope);
        }
        else
        {
            _waiting.AddLast(envelope);
        }
    }

    /// <summary>A command is about to be handled.</summary>
    public void Handling(object message)
    {
        if (_returned is not null && IsReturned(new Envelope(message, cell.SenderOrNull))) _returned = null;
    }

    /// <summary>Gives the next back to the mailbox, unless one is there already.</summary>
    public void ReturnNext()
    {
        if (_returned is not null || _waiting.First is not { Value: var next }) return;
        _waiting.RemoveFirst();
        _returned = next;
        Return(next);
    }

    /// <summary>Gives all back, for the next incarnation or for dead letters.</summary>
    public void ReturnAll()
    {
        TakeBack();
        while (_waiting.Last is { Value: var last })
        {
            _waiting.RemoveLast();
            Return(last);
        }
    }

    private void TakeBack()
    {
        if (_returned is null || !Mailbox.TryDequeue(out var first)) return;
        if (IsReturned(first)) _waiting.AddFirst(first);
        else EnqueueFirst(first);
        _returned = null;
    }

    private void Return(Envelope envelope)
    {
        EnqueueFirst(envelope);
        if (envelope.Message is Terminated terminated) cell.ExpectAgain(terminated);
    }

    private void EnqueueFirst(Envelope envelope) => ((IDequeBasedMessageQueueSemantics)Mailbox).EnqueueFirst(envelope);

    private bool IsReturned(Envelope envelope) =>
        _returned is { } returned && ReferenceEquals(returned.Message, envelope.Message) && Equals(returned.Sender, envelope.Sender);
}
