using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Remote.Wire;

namespace Akka.Remote.Transport;

internal sealed partial class Association
{
    /// <summary>One connection's life: a loop that writes, and one that reads what the peer says about it.</summary>
    private sealed class Transfer(Association owner, OutboundConnection connection)
    {
        private readonly WireWriter _header = new(1024);
        private readonly FrameWriter _writer = connection.Writer;
        private readonly CancellationToken _abort = owner._abort.Token;
        private readonly long _limit = owner._remoting.Tcp.MaximumFrameSize;
        private FrameKind _kind;
        private long _heard = Environment.TickCount64;
        private volatile bool _hasEnded;
        private volatile bool _isHeartbeatDue;
        private Exception _failure;

        public bool PeerSaidGoodbye { get; private set; }

        public bool PeerQuarantinedUs { get; private set; }

        public int PeerUid => connection.PeerUid;

        /// <summary>Why it ended; null if the peer closed the connection, or this side did in order.</summary>
        public Exception Failure => Volatile.Read(ref _failure);

        public TimeSpan SilentFor => TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _heard));

        /// <summary>Has the writing loop send a heartbeat.</summary>
        public void RequestHeartbeat()
        {
            _isHeartbeatDue = true;
            owner._signal.Set();
        }

        /// <summary>Ends the connection, for that reason if it has not failed for another.</summary>
        public void Fail(Exception reason)
        {
            Interlocked.CompareExchange(ref _failure, reason, null);
            _hasEnded = true;
            connection.Dispose();
            owner._signal.Set();
        }

        /// <summary>Runs until either side ends it.</summary>
        public async Task RunAsync()
        {
            var reading = ReadAsync();
            try
            {
                await WriteAsync().ConfigureAwait(false);
                if (!_hasEnded) await SayGoodbyeAsync(reading).ConfigureAwait(false);
            }
            finally
            {
                _hasEnded = true;
                connection.Dispose();
                await reading.ConfigureAwait(false);
                connection.Reader.Dispose();
                _writer.Dispose();
            }
        }

        private async Task ReadAsync()
        {
            try
            {
                while (await connection.Reader.ReadAsync(_abort).ConfigureAwait(false)) Handle(connection.Reader);
            }
            catch (Exception e)
            {
                if (!_hasEnded) Interlocked.CompareExchange(ref _failure, e, null);
            }

            _hasEnded = true;
            owner._signal.Set();
        }

        private void Handle(FrameReader frame)
        {
            Volatile.Write(ref _heard, Environment.TickCount64);
            switch (frame.Kind)
            {
                case FrameKind.Ack:
                    owner._pending.Acknowledge(new WireReader(frame.Header.Span).VarUInt());
                    if (owner._isClosing) owner._signal.Set();
                    break;
                case FrameKind.HeartbeatAck:
                    break;
                case FrameKind.Goodbye:
                    PeerSaidGoodbye = true;
                    break;
                case FrameKind.Quarantined:
                    PeerQuarantinedUs = true;
                    break;
                default:
                    throw new WireFormatException($"A frame of kind {frame.Kind} came from the side that only acknowledges.");
            }
        }

        private async Task WriteAsync()
        {
            await ResendAsync().ConfigureAwait(false);
            while (!_hasEnded)
            {
                await WriteQueuedAsync().ConfigureAwait(false);
                if (_isHeartbeatDue)
                {
                    _isHeartbeatDue = false;
                    _writer.Write(FrameKind.Heartbeat, [], []);
                }

                await _writer.FlushAsync(_abort).ConfigureAwait(false);
                if (owner._isClosing && owner._queue.IsEmpty && owner._pending.Count == 0) return;
                await owner._signal.WaitAsync().ConfigureAwait(false);
            }
        }

        private async Task ResendAsync()
        {
            foreach (var (number, message) in owner._pending.ToArray())
            {
                if (TryEncode(message, out var payload))
                {
                    _header.VarUInt(number);
                    _writer.Write(FrameKind.SystemMessage, _header.Written, payload);
                }
                else
                {
                    // Its number must not be missing on the other side.
                    _header.Clear();
                    _header.Byte((byte)NameTag.None).VarUInt(number);
                    _writer.Write(FrameKind.SystemMessage, _header.Written, []);
                }

                if (_writer.IsFull) await _writer.FlushAsync(_abort).ConfigureAwait(false);
            }
        }

        private async Task WriteQueuedAsync()
        {
            while (!_hasEnded && FillBatch(out var direct))
            {
                if (direct is null) await _writer.FlushAsync(_abort).ConfigureAwait(false);
                else await _writer.WriteDirectAsync(_kind, _header.WrittenMemory, direct, _abort).ConfigureAwait(false);
            }
        }

        /// <summary>Encodes until the batch is full, a payload is too large for it, or nothing waits; false for the last.</summary>
        private bool FillBatch(out byte[] direct)
        {
            direct = null;
            while (!_writer.IsFull)
            {
                if (!owner._queue.TryDequeue(out var next)) return false;
                if (!TryEncode(next, out var payload)) continue;
                _kind = FrameKind.Message;
                if (next.Message is ISystemMessage)
                {
                    _kind = FrameKind.SystemMessage;
                    _header.VarUInt(owner.Keep(next));
                }

                if (FrameWriter.IsDirect(payload))
                {
                    direct = payload;
                    return true;
                }

                _writer.Write(_kind, _header.Written, payload);
            }

            return true;
        }

        private bool TryEncode(in Outgoing message, out byte[] payload)
        {
            _header.Clear();
            try
            {
                payload = connection.Encoder.Encode(_header, message, _limit);
                if (owner._remoting.Settings.LogSend)
                    owner._log.Debug("sending message [{0}] to [{1}] from [{2}]", message.Message, message.Recipient, message.Sender);
                return true;
            }
            catch (OversizedPayloadException e)
            {
                owner._log.Error(e, "Transient association error (association remains live)");
            }
            catch (Exception e)
            {
                owner._log.Error(
                    e, "Serializer failed for a message of type [{0}] to [{1}]; it is dropped, and the association lives on.", message.Message.GetType(), message.Recipient);
            }

            payload = null;
            return false;
        }

        private async Task SayGoodbyeAsync(Task reading)
        {
            _writer.Write(FrameKind.Goodbye, [], []);
            await _writer.FlushAsync(_abort).ConfigureAwait(false);
            connection.EndWriting();
            await reading.WaitAsync(_abort).ConfigureAwait(false);   // The peer closes when it has read everything.
        }
    }
}
