using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Akka.Remote.Wire;

/// <summary>Puts frames on a stream, many in one write. A large payload is written from where it is.</summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class FrameWriter : IDisposable
{
    /// <summary>As much as is gathered before it is written.</summary>
    private const int BatchLength = 64 * 1024;

    private const int DirectPayloadLength = 16 * 1024;

    private readonly Stream _stream;
    private readonly PipeWriter _pipe;

    public FrameWriter(Stream stream)
    {
        _stream = stream;
        _pipe = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BatchLength, leaveOpen: true));
    }

    /// <summary>Whether the batch should be flushed before more is added.</summary>
    public bool IsFull => _pipe.UnflushedBytes >= BatchLength;

    public bool HasUnflushed => _pipe.UnflushedBytes > 0;

    public static bool IsDirect(byte[] payload) => payload.Length >= DirectPayloadLength;

    /// <summary>Adds a frame to the batch.</summary>
    public void Write(FrameKind kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        var length = FrameReader.PrefixLength + header.Length + payload.Length;
        var span = _pipe.GetSpan(length);
        WritePrefix(span, kind, header.Length, payload.Length);
        header.CopyTo(span[FrameReader.PrefixLength..]);
        payload.CopyTo(span[(FrameReader.PrefixLength + header.Length)..]);
        _pipe.Advance(length);
    }

    /// <summary>Writes the batch so far, this frame's header, and the payload as it is.</summary>
    public async ValueTask WriteDirectAsync(FrameKind kind, ReadOnlyMemory<byte> header, byte[] payload, CancellationToken cancellation)
    {
        var length = FrameReader.PrefixLength + header.Length;
        var span = _pipe.GetSpan(length);
        WritePrefix(span, kind, header.Length, payload.Length);
        header.Span.CopyTo(span[FrameReader.PrefixLength..]);
        _pipe.Advance(length);
        await _pipe.FlushAsync(cancellation).ConfigureAwait(false);
        await _stream.WriteAsync(payload, cancellation).ConfigureAwait(false);
    }

    public async ValueTask FlushAsync(CancellationToken cancellation)
    {
        if (!HasUnflushed) return;
        await _pipe.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Gives the buffers back. What was not flushed is dropped.</summary>
    public void Dispose() => _pipe.Complete(new ObjectDisposedException(nameof(FrameWriter)));

    private static void WritePrefix(Span<byte> span, FrameKind kind, int headerLength, int payloadLength)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(span, (uint)(headerLength + payloadLength));
        BinaryPrimitives.WriteUInt32LittleEndian(span[4..], (uint)headerLength << 8 | (byte)kind);
    }
}
