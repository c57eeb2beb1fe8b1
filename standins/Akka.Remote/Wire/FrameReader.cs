using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Akka.Remote.Wire;

/// <summary>
/// Takes frames from a stream: eight bytes (length of the rest after them, kind, three bytes of header length), the header, the
/// payload. A header lies in the reader's memory until the next call; a payload is an array of its own, and a large one is
/// read from the stream straight into it.
/// </summary>
internal sealed class FrameReader : IDisposable
{
    public const int PrefixLength = 8;
    public const int MaximumHeaderLength = 64 * 1024;

    /// <summary>Payloads from this size on do not pass through the pipe's buffers.</summary>
    private const int DirectPayloadLength = 16 * 1024;

    private readonly Stream _stream;
    private readonly PipeReader _pipe;
    private readonly long _maximumLength;
    private byte[] _scratch = [];
    private ReadOnlySequence<byte> _buffered;
    private bool _isHolding;

    /// <param name="maximumLength">The most bytes that a frame may have after its prefix.</param>
    public FrameReader(Stream stream, long maximumLength)
    {
        _stream = stream;
        _maximumLength = maximumLength;
        _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 4 * 1024, leaveOpen: true));
    }

    /// <summary>Only for the frame that was read last.</summary>
    public FrameKind Kind { get; private set; }

    public ReadOnlyMemory<byte> Header { get; private set; }

    public byte[] Payload { get; private set; } = [];

    /// <summary>True if another whole frame lies in memory, so that reading it does not wait.</summary>
    public bool HasBufferedFrame
    {
        get
        {
            if (_buffered.Length < PrefixLength) return false;
            Span<byte> prefix = stackalloc byte[PrefixLength];
            _buffered.Slice(0, PrefixLength).CopyTo(prefix);
            return _buffered.Length - PrefixLength >= BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        }
    }

    /// <summary>Reads one frame. False if the stream has ended between two frames.</summary>
    /// <exception cref="WireFormatException">The bytes are no frame, or one over the limit, or end within one.</exception>
    public ValueTask<bool> ReadAsync(CancellationToken cancellation) =>
        TryTake(out var direct) && direct == 0 ? new ValueTask<bool>(true) : ReadMoreAsync(direct, cancellation);

    public void Dispose() => _pipe.Complete();

    private async ValueTask<bool> ReadMoreAsync(int direct, CancellationToken cancellation)
    {
        while (direct == 0)
        {
            if (_isHolding) Release(_buffered.Start, _buffered.End);
            var result = await _pipe.ReadAsync(cancellation).ConfigureAwait(false);
            _buffered = result.Buffer;
            _isHolding = true;
            if (TryTake(out direct)) break;
            if (!result.IsCompleted) continue;
            if (_buffered.IsEmpty) return false;
            throw new WireFormatException($"The stream ends {_buffered.Length} bytes into a frame.");
        }

        if (direct > 0) await ReadDirectAsync(direct, cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>All that the pipe holds is the beginning of this payload; the rest comes from the stream.</summary>
    private async ValueTask ReadDirectAsync(int missing, CancellationToken cancellation)
    {
        Release(_buffered.End, _buffered.End);
        try
        {
            await _stream.ReadExactlyAsync(Payload.AsMemory(Payload.Length - missing), cancellation).ConfigureAwait(false);
        }
        catch (EndOfStreamException)
        {
            throw new WireFormatException($"The stream ends within a payload of {Payload.Length} bytes.");
        }
    }

    private void Release(SequencePosition consumed, SequencePosition examined)
    {
        _pipe.AdvanceTo(consumed, examined);
        _buffered = default;
        _isHolding = false;
    }

    /// <param name="missing">How much of a large payload is still to be read from the stream.</param>
    private bool TryTake(out int missing)
    {
        missing = 0;
        if (_buffered.Length < PrefixLength) return false;
        Span<byte> prefix = stackalloc byte[PrefixLength];
        _buffered.Slice(0, PrefixLength).CopyTo(prefix);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        var word = BinaryPrimitives.ReadUInt32LittleEndian(prefix[4..]);
        var headerLength = (int)(word >> 8);
        Check(length, (byte)word, headerLength);
        var available = _buffered.Length - PrefixLength;
        var payloadLength = (int)length - headerLength;
        var isDirect = payloadLength >= DirectPayloadLength;
        if (available < (isDirect ? headerLength : length)) return false;

        Kind = (FrameKind)(byte)word;
        var rest = _buffered.Slice(PrefixLength);
        Header = Contiguous(rest.Slice(0, headerLength), copy: isDirect && available < length);
        rest = rest.Slice(headerLength);
        Payload = payloadLength == 0 ? [] : GC.AllocateUninitializedArray<byte>(payloadLength);
        var here = (int)Math.Min(rest.Length, payloadLength);
        rest.Slice(0, here).CopyTo(Payload);
        missing = payloadLength - here;
        _buffered = rest.Slice(here);
        return true;
    }

    private void Check(uint length, byte kind, int headerLength)
    {
        if (kind is 0 or > (byte)FrameKind.Quarantined) throw new WireFormatException($"Frame kind {kind} does not exist.");
        if (headerLength > MaximumHeaderLength || headerLength > length)
            throw new WireFormatException($"A frame of {length} bytes claims a header of {headerLength}.");
        if (length > _maximumLength) throw new WireFormatException($"A frame has {length} bytes, which is over the limit of {_maximumLength}.");
    }

    private ReadOnlyMemory<byte> Contiguous(in ReadOnlySequence<byte> header, bool copy)
    {
        if (header.IsSingleSegment && !copy) return header.First;
        var length = (int)header.Length;
        if (_scratch.Length < length) _scratch = new byte[Math.Max(256, length * 2)];
        header.CopyTo(_scratch);
        return _scratch.AsMemory(0, length);
    }
}
