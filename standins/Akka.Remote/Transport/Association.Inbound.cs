using Akka.Actor;
using Akka.Event;

namespace Akka.Remote.Transport;

internal sealed partial class Association
{
    private InboundConnection _inbound;
    private int _inboundUid;
    private ulong _lastSystemNumber;

    private bool IsQuarantined
    {
        get
        {
            lock (_lock) return _uid != 0 && _quarantined.Contains(_uid);
        }
    }

    /// <summary>Nothing is sent to that system any more.</summary>
    private bool IsFinal => IsQuarantined || Volatile.Read(ref _state) == Closed;

    public ulong LastSystemNumber => _lastSystemNumber;

    private bool IsHeard
    {
        get
        {
            lock (_lock) return _inbound is not null;
        }
    }

    /// <summary>Takes over a connection that the peer dialled; one before it ends first, so that messages keep their order.</summary>
    /// <returns>False if that incarnation is quarantined.</returns>
    public async Task<bool> AcceptAsync(InboundConnection connection, int uid)
    {
        InboundConnection previous;
        Transfer toOldIncarnation = null;
        bool isOther;
        lock (_lock)
        {
            if (_quarantined.Contains(uid)) return false;
            previous = _inbound;
            _inbound = connection;
            isOther = _inboundUid != uid;
            if (isOther)
            {
                _inboundUid = uid;
                if (_transfer is { } transfer && transfer.PeerUid != uid) toOldIncarnation = transfer;
            }
        }

        toOldIncarnation?.Fail(new EndpointException($"The system at [{RemoteAddress}] has been restarted; its UID is now [{uid}]."));
        if (previous is not null) await previous.CloseAsync().ConfigureAwait(false);
        if (isOther) _lastSystemNumber = 0;   // The connection before counted on to its end.
        OpenGate(uid);
        return true;
    }

    public void Leave(InboundConnection connection)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_inbound, connection)) _inbound = null;
        }
    }

    /// <summary>Whether the system message of that number is the next; one that came before is not.</summary>
    /// <exception cref="Wire.WireFormatException">Some are missing before it.</exception>
    public bool TakeSystemMessage(ulong number)
    {
        if (number <= _lastSystemNumber) return false;
        if (number != _lastSystemNumber + 1)
            throw new Wire.WireFormatException($"System message {number} came after {_lastSystemNumber}; those between are missing.");
        _lastSystemNumber = number;
        return true;
    }

    /// <param name="uid">Null for the incarnation that is known now.</param>
    public void Quarantine(int? uid, string reason)
    {
        Transfer transfer;
        InboundConnection inbound;
        int which;
        lock (_lock)
        {
            which = uid ?? (_uid != 0 ? _uid : _inboundUid);
            if (which == 0 || !_quarantined.Add(which)) return;
            if (_uid == 0) _uid = which;
            transfer = _transfer?.PeerUid == which ? _transfer : null;
            inbound = _inboundUid == which ? _inbound : null;
        }

        if (reason is not null) _log.Warning("Quarantining [{0}], UID [{1}]: {2}", RemoteAddress, which, reason);
        inbound?.CloseQuarantined();
        transfer?.Fail(new EndpointException($"UID [{which}] is quarantined."));
        if (_uid == which) Drain();
        _remoting.Publish(new QuarantinedEvent(RemoteAddress, which));
        AddressTerminatedTopic.Get(_remoting.System).Publish(new AddressTerminated(RemoteAddress));
    }

    /// <summary>The peer has dialled, so it lives: no reason to wait any longer.</summary>
    private void OpenGate(int uid)
    {
        lock (_lock)
        {
            if (_uid != 0 && _uid != uid && _quarantined.Contains(_uid)) _uid = 0;   // Another incarnation than the quarantined one.
            if (_state != Gated) return;
            _state = Idle;
        }

        if (_pending.Count > 0) Start();
    }

    private void CheckInbound()
    {
        InboundConnection inbound;
        lock (_lock) inbound = _inbound;
        inbound?.CheckSilence(_remoting.Settings.TransportAcceptablePause);
    }
}
