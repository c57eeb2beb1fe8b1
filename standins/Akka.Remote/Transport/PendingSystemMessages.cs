namespace Akka.Remote.Transport;

/// <summary>System messages that the peer has not acknowledged, in their order.</summary>
internal sealed class PendingSystemMessages
{
    private readonly Queue<(ulong Number, Outgoing Message)> _pending = new();
    private ulong _lastNumber;
    private long _oldest;

    public int Count
    {
        get
        {
            lock (_pending) return _pending.Count;
        }
    }

    /// <summary>Since when something has been waiting without any acknowledgement.</summary>
    public TimeSpan Waited
    {
        get
        {
            lock (_pending) return _pending.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Environment.TickCount64 - _oldest);
        }
    }

    public ulong Add(in Outgoing message)
    {
        lock (_pending)
        {
            if (_pending.Count == 0) _oldest = Environment.TickCount64;
            _pending.Enqueue((++_lastNumber, message));
            return _lastNumber;
        }
    }

    public void Acknowledge(ulong upTo)
    {
        lock (_pending)
        {
            while (_pending.TryPeek(out var first) && first.Number <= upTo) _pending.Dequeue();
            _oldest = Environment.TickCount64;
        }
    }

    public (ulong Number, Outgoing Message)[] ToArray()
    {
        lock (_pending) return [.. _pending];
    }

    /// <summary>Takes everything out and starts to count anew, for another system at the address.</summary>
    public Outgoing[] Clear()
    {
        lock (_pending)
        {
            Outgoing[] all = [.. _pending.Select(pending => pending.Message)];
            _pending.Clear();
            _lastNumber = 0;
            return all;
        }
    }
}
