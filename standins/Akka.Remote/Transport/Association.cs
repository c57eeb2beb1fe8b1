using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;

namespace Akka.Remote.Transport;

/// <summary>
/// What this system has to do with the system at one address: what waits to be sent there, the one connection it is sent by,
/// and which incarnations are quarantined. A single loop writes, in the order of <see cref="Send"/>; after a failure nothing is
/// tried for a while. System messages are kept until they are acknowledged, and go out again on the next connection.
/// </summary>
internal sealed partial class Association
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Gated = 2;
    private const int Closed = 3;

    private readonly Remoting _remoting;
    private readonly ILoggingAdapter _log;
    private readonly ConcurrentQueue<Outgoing> _queue = new();
    private readonly PendingSystemMessages _pending = new();
    private readonly AsyncSignal _signal = new();
    private readonly Lock _lock = new();
    private readonly HashSet<int> _quarantined = [];
    private readonly CancellationTokenSource _abort = new();
    private int _state;
    private long _gateEnds;
    private int _uid;
    private Task _run = Task.CompletedTask;
    private Transfer _transfer;
    private volatile bool _isClosing;
    private int _warnAt;
    private int _isRetryArmed;
    private long _lastContact = Environment.TickCount64;

    public Association(Remoting remoting, Address remoteAddress)
    {
        _remoting = remoting;
        _log = remoting.Log;
        RemoteAddress = remoteAddress;
        _warnAt = remoting.Settings.LogBufferSizeExceeding;
    }

    public Address RemoteAddress { get; }

    /// <summary>Returns at once. What cannot be sent becomes a dead letter.</summary>
    public void Send(object message, IActorRef sender, RemoteActorRef recipient)
    {
        _queue.Enqueue(new Outgoing(message, sender, recipient));
        if (Volatile.Read(ref _state) == Running) _signal.Set();
        else Start();
    }

    /// <summary>Called at every transport heartbeat.</summary>
    public void Tick()
    {
        if (_queue.Count > Volatile.Read(ref _warnAt))
        {
            _log.Warning("[{0}] messages wait to be sent to [{1}]. Is the receiver reachable, and fast enough?", _queue.Count, RemoteAddress);
            _warnAt = (int)Math.Min((long)_warnAt * 10, int.MaxValue);
        }

        CheckInbound();
        if (Volatile.Read(ref _transfer) is not { } transfer)
        {
            CheckSilence();
            return;
        }

        _lastContact = Environment.TickCount64;
        if (transfer.SilentFor > _remoting.Settings.TransportAcceptablePause)
        {
            transfer.Fail(new TimeoutException($"Nothing was heard from [{RemoteAddress}] for {_remoting.Settings.TransportAcceptablePause}."));
            return;
        }

        transfer.RequestHeartbeat();
    }

    /// <summary>Sends what waits, waits for acknowledgements, says goodbye. Afterwards everything becomes a dead letter.</summary>
    public async Task CloseAsync(TimeSpan flushWait)
    {
        Task run;
        lock (_lock)
        {
            _isClosing = true;
            run = _run;
            if (_state != Running) _state = Closed;
        }

        _signal.Set();
        try
        {
            await run.WaitAsync(flushWait).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _abort.CancelAsync().ConfigureAwait(false);
            Volatile.Read(ref _transfer)?.Fail(new TimeoutException("The time to shut down is up."));
            await run.ConfigureAwait(false);
        }

        lock (_lock) _state = Closed;
        Drain();
    }

    private void Start()
    {
        lock (_lock)
        {
            if (_state == Gated && Environment.TickCount64 >= _gateEnds) _state = Idle;
            if (_state == Idle && _remoting.IsClosing) _state = Closed;   // Nobody would close what is opened now.
            if (_state == Idle)
            {
                _state = Running;
                _run = Task.Run(RunAsync);
                return;
            }

            if (_state == Running)
            {
                _signal.Set();
                return;
            }
        }

        Drain();
    }

    /// <summary>Whoever was not heard of for that long is taken to be gone for good.</summary>
    private void CheckSilence()
    {
        var limit = _remoting.Settings.QuarantineSilentSystemTimeout;
        if (Volatile.Read(ref _uid) is not 0 and var uid && Environment.TickCount64 - _lastContact > limit.TotalMilliseconds && !IsHeard)
            Quarantine(uid, $"Nothing was heard of it for {limit}.");
    }

    private async Task RunAsync()
    {
        Exception failure = null;
        Transfer transfer = null;
        try
        {
            var connection = await OutboundConnection.OpenAsync(_remoting, RemoteAddress, _abort.Token).ConfigureAwait(false);
            using (connection)
            {
                transfer = Begin(connection);
                await transfer.RunAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            failure = transfer?.Failure ?? e;
        }

        try
        {
            End(transfer, failure ?? transfer?.Failure);
        }
        catch (Exception e)
        {
            _log.Error(e, "The association with [{0}] did not end in order.", RemoteAddress);
        }
    }

    /// <exception cref="RefusedException">That incarnation of the peer is quarantined.</exception>
    private Transfer Begin(OutboundConnection connection)
    {
        Outgoing[] forOldIncarnation = [];
        var transfer = new Transfer(this, connection);
        lock (_lock)
        {
            if (_quarantined.Contains(connection.PeerUid))
                throw new RefusedException(RefusalReason.Quarantined, $"this system has quarantined UID [{connection.PeerUid}]");
            if (_uid != 0 && _uid != connection.PeerUid) forOldIncarnation = _pending.Clear();
            _uid = connection.PeerUid;
            _transfer = transfer;
        }

        foreach (var each in forOldIncarnation) ToDeadLetters(each);
        _remoting.Publish(new AssociatedEvent(_remoting.DefaultAddress, RemoteAddress, inbound: false));
        return transfer;
    }

    private void End(Transfer transfer, Exception failure)
    {
        var gate = _remoting.Settings.RetryGateClosedFor;
        bool isClosed;
        lock (_lock)
        {
            _transfer = null;
            _gateEnds = Environment.TickCount64 + (long)gate.TotalMilliseconds;
            isClosed = _isClosing;
            _state = isClosed ? Closed : Gated;
        }

        if (!isClosed) Report(transfer, failure, gate);
        if (transfer is not null) _remoting.Publish(new DisassociatedEvent(_remoting.DefaultAddress, RemoteAddress, inbound: false));
        Drain();
        if (!isClosed && _pending.Waited >= _remoting.Settings.InitialSysMsgDeliveryTimeout)
            GiveUp($"System messages could not be delivered for {_remoting.Settings.InitialSysMsgDeliveryTimeout}.");
    }

    private void Report(Transfer transfer, Exception failure, TimeSpan gate)
    {
        if (failure is RefusedException { Reason: RefusalReason.Quarantined } && transfer is null && IsQuarantined) return;
        if (transfer is { PeerSaidGoodbye: true })
        {
            _log.Info(
                "Remote system with address [{0}] has shut down. Address is now gated for {1} ms, all messages to this address will be delivered to dead letters.",
                RemoteAddress, gate.TotalMilliseconds);
            AddressTerminatedTopic.Get(_remoting.System).Publish(new AddressTerminated(RemoteAddress));
            return;
        }

        if (transfer is { PeerQuarantinedUs: true } || failure is RefusedException { Reason: RefusalReason.Quarantined })
            _remoting.Publish(new ThisActorSystemQuarantinedEvent(_remoting.DefaultAddress, RemoteAddress));
        var reason = failure?.Message ?? "the peer closed the connection";
        _log.Warning(
            "Association with remote system {0} has failed; address is now gated for {1} ms. Reason: [{2}]", RemoteAddress, gate.TotalMilliseconds, reason);
        _remoting.Publish(new AssociationErrorEvent(
            failure ?? new EndpointException(reason), _remoting.DefaultAddress, RemoteAddress, inbound: false, LogLevel.DebugLevel), logged: false);
    }

    /// <summary>System messages may not be lost silently: who cannot be reached with them is not reached again.</summary>
    private void GiveUp(string reason)
    {
        if (Volatile.Read(ref _uid) is var uid and not 0)
        {
            Quarantine(uid, reason);
            return;
        }

        _log.Warning("Dropping [{0}] system messages to [{1}], which was never reached: {2}", _pending.Count, RemoteAddress, reason);
        foreach (var each in _pending.Clear()) ToDeadLetters(each);
    }

    /// <summary>Nothing can be sent now: user messages are dead letters, system messages wait for the next connection.</summary>
    private void Drain()
    {
        while (TryTakeLost(out var lost)) ToDeadLetters(lost);
        if (IsFinal)
        {
            foreach (var each in _pending.Clear()) ToDeadLetters(each);
        }
        else if (!GiveUpTooMany() && _pending.Count > 0 && Volatile.Read(ref _state) == Gated)
        {
            ArmRetry();
        }
    }

    /// <summary>
    /// Puts system messages aside, in their order, up to the next user message. Not while a connection takes what waits: what is put
    /// aside then would not go out by it, and its number would be missing on the other side.
    /// </summary>
    private bool TryTakeLost(out Outgoing lost)
    {
        lock (_lock)
        {
            while (_state != Running && _queue.TryDequeue(out lost))
            {
                if (lost.Message is not Dispatch.SysMsg.ISystemMessage || IsFinal) return true;
                _pending.Add(lost);
            }
        }

        lost = default;
        return false;
    }

    /// <summary>Dials again by itself, since something must be delivered.</summary>
    private void ArmRetry()
    {
        if (Interlocked.Exchange(ref _isRetryArmed, 1) == 1) return;
        var gate = _remoting.Settings.RetryGateClosedFor + TimeSpan.FromMilliseconds(10);
        _remoting.After(gate, () =>
        {
            Volatile.Write(ref _isRetryArmed, 0);
            Start();
        });
    }

    private ulong Keep(in Outgoing message)
    {
        var number = _pending.Add(message);
        GiveUpTooMany();
        return number;
    }

    private bool GiveUpTooMany()
    {
        if (_pending.Count <= _remoting.Settings.SysMsgBufferSize) return false;
        GiveUp($"More than {_remoting.Settings.SysMsgBufferSize} system messages wait for an acknowledgement.");
        return true;
    }

    private void ToDeadLetters(in Outgoing message) =>
        _remoting.System.DeadLetters.Tell(new DeadLetter(message.Message, message.Sender ?? _remoting.System.DeadLetters, message.Recipient), message.Sender);
}
