using System.Buffers.Binary;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// The client's side of one connection, on the calling thread: reads pages straight into the memory of a local pool and sums them as they
/// come. Allocates nothing per page. After any failure but <see cref="TransferError.Gone"/> the connection is unusable.
/// </summary>
/// <param name="stream">To the page server.</param>
/// <param name="server">Its name in errors.</param>
internal sealed class PageClient(Stream stream, string server)
{
    /// <summary>Bytes that are summed when they have come: still in the nearest cache but one, with what the kernel copied them from.</summary>
    private const int ChunkBytes = 128 << 10;

    private readonly byte[] _buffer = new byte[PageWire.RequestHeadBytes + PageWire.MaxStretches * PageWire.StretchBytes];

    /// <summary>Asks for a pool.</summary>
    /// <exception cref="TransferException">The server has no such pool, or it does not fit.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public void Greet(KvPoolId pool, KvTransferFormat format)
    {
        PageWire.WriteGreeting(_buffer, pool, format);
        stream.Write(_buffer.AsSpan(0, PageWire.GreetingBytes));
        stream.ReadExactly(_buffer.AsSpan(0, PageWire.AnswerBytes));
        var (answer, theirs) = PageWire.ReadAnswer(_buffer);
        var difference = KvCompatibility.Explain(format, theirs);
        if (answer == PageWire.Answer.Welcome && difference is null) return;
        throw answer switch
        {
            PageWire.Answer.UnknownPool => new TransferException(TransferError.Gone, $"{server} has no pool {pool}; it was started anew."),
            PageWire.Answer.OtherFormat when difference is not null => new TransferException(TransferError.Mismatch, $"Pages of this pool and those of {server} differ: {difference}."),
            PageWire.Answer.Busy => new TransferException(TransferError.NoRoom, $"{server} has as many clients as it takes."),
            _ => new TransferException(TransferError.Protocol, $"{server} is no page server of this kind: it answers {(int)answer}."),
        };
    }

    /// <summary>Brings a part of a job, from where it was left.</summary>
    /// <exception cref="TransferException">A page is gone, or not what was sent.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public void Fetch(PagePart part)
    {
        while (!part.IsDone)
        {
            var count = Ask(part);
            stream.ReadExactly(_buffer.AsSpan(0, PageWire.ResponseHeadBytes));
            var (state, index) = PageWire.ReadResponseHead(_buffer);
            if (state == PageWire.ResponseState.Gone && (uint)index < (uint)count)
                throw new TransferException(TransferError.Gone, $"Page {part.Job.Remote(part.Next.Index + index).Page} was released by {server}.");
            if (state != PageWire.ResponseState.Here)
                throw new TransferException(TransferError.Protocol, $"{server} answers {(int)state}, {index} to a request for {count} stretches of pages.");
            for (; count > 0; count--) Receive(part);
        }
    }

    /// <returns>Stretches that were asked for, at least 1.</returns>
    private int Ask(PagePart part)
    {
        var (count, bytes) = (0, 0L);
        var position = part.Position;
        while (position < part.End && count < PageWire.MaxStretches)
        {
            var (index, offset, length) = part.StretchAt(position);
            if (count > 0 && bytes + length > PageWire.MaxRequestBytes) break;
            PageWire.WriteStretch(
                _buffer.AsSpan(PageWire.RequestHeadBytes + count * PageWire.StretchBytes), new PageWire.Stretch(part.Job.Remote(index), offset, length));
            count++;
            bytes += length;
            position += length;
        }

        BinaryPrimitives.WriteInt32LittleEndian(_buffer, count);
        stream.Write(_buffer.AsSpan(0, PageWire.RequestHeadBytes + count * PageWire.StretchBytes));
        return count;
    }

    private void Receive(PagePart part)
    {
        var (index, offset, length) = part.Next;
        var target = part.Job.Local(index).Slice(offset, length);
        var sums = default(PageSums);
        for (var done = 0; done < length; done += ChunkBytes)
        {
            var chunk = target.Slice(done, Math.Min(ChunkBytes, length - done));
            stream.ReadExactly(chunk);
            sums.Add(chunk, offset + done);
        }

        part.Job.Landed(index, length, sums);
        part.Advance(length);
    }
}
