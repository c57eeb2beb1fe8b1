using System.Buffers.Binary;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// The server's side of one connection, on the calling thread: gives stretches of pages straight from the pool's memory. Allocates
/// nothing once it has begun.
/// </summary>
internal sealed class PageSession(IPageMemory pool, Stream stream, IPageOutput pages, TransferClock clock)
{
    private readonly PageWire.Stretch[] _stretches = new PageWire.Stretch[PageWire.MaxStretches];
    private readonly int[] _held = new int[PageWire.MaxStretches];
    private readonly byte[] _input = new byte[PageWire.RequestHeadBytes + PageWire.MaxStretches * PageWire.StretchBytes];
    private readonly byte[] _head = new byte[Math.Max(PageWire.ResponseHeadBytes, PageWire.AnswerBytes)];
    private int _start;
    private int _end;

    /// <summary>Serves until the client closes.</summary>
    /// <exception cref="TransferException">The client does not keep to the protocol.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public void Run()
    {
        clock.Begin(0);
        if (!Greet()) return;
        clock.Rest();   // Between two requests a client may be silent for as long as it likes.
        while (TryFill(PageWire.RequestHeadBytes))
        {
            clock.Begin(0);
            var request = ReadRequest();
            clock.Begin(Sum(request));
            Respond(request);
            clock.Rest();
        }
    }

    private bool Greet()
    {
        var greeting = Take(PageWire.GreetingBytes);
        if (!PageWire.TryReadGreeting(greeting, out var id, out var format))
            throw new TransferException(TransferError.Protocol, "A client does not speak the page protocol.");
        var mine = KvTransferFormat.Of(pool.Layout);
        var answer = format != mine ? PageWire.Answer.OtherFormat : id != pool.Id ? PageWire.Answer.UnknownPool : PageWire.Answer.Welcome;
        var bytes = _head.AsSpan(0, PageWire.AnswerBytes);
        PageWire.WriteAnswer(bytes, answer, mine);
        stream.Write(bytes);
        return answer == PageWire.Answer.Welcome;
    }

    private ReadOnlySpan<PageWire.Stretch> ReadRequest()
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(Take(PageWire.RequestHeadBytes));
        if (count is < 1 or > PageWire.MaxStretches)
            throw new TransferException(TransferError.Protocol, $"A client asks for {count} stretches at once; it may be 1 to {PageWire.MaxStretches}.");
        var bytes = Take(count * PageWire.StretchBytes);
        for (var i = 0; i < count; i++) _stretches[i] = PageWire.ReadStretch(bytes[(i * PageWire.StretchBytes)..]);
        var request = _stretches.AsSpan(0, count);
        foreach (var (page, offset, length) in request)
        {
            if (offset < 0 || length < 1 || offset > pool.Layout.PageBytes - length)
                throw new TransferException(TransferError.Protocol, $"A client asks for {length} bytes at {offset} of page {page.Page}, which has {pool.Layout.PageBytes}.");
        }

        if (count > 1 && Sum(request) > PageWire.MaxRequestBytes)
            throw new TransferException(TransferError.Protocol, $"A client asks for {Sum(request)} bytes at once; it may be up to {PageWire.MaxRequestBytes}.");
        return request;
    }

    private void Respond(ReadOnlySpan<PageWire.Stretch> request)
    {
        var held = 0;
        try
        {
            for (; held < request.Length; held++)
            {
                var (page, generation) = request[held].Page;
                if ((uint)page >= (uint)pool.CapacityPages || !pool.TryAddReference(page, generation))
                {
                    PageWire.WriteResponseHead(_head, PageWire.ResponseState.Gone, held);
                    stream.Write(_head.AsSpan(0, PageWire.ResponseHeadBytes));
                    return;
                }

                _held[held] = page;
            }

            PageWire.WriteResponseHead(_head, PageWire.ResponseState.Here, 0);
            pages.Send(_head.AsSpan(0, PageWire.ResponseHeadBytes), request);
        }
        finally
        {
            pool.Release(_held.AsSpan(0, held));
        }
    }

    private static long Sum(ReadOnlySpan<PageWire.Stretch> request)
    {
        var bytes = 0L;
        foreach (var stretch in request) bytes += stretch.Length;
        return bytes;
    }

    /// <summary>The next bytes; valid until the next call.</summary>
    private ReadOnlySpan<byte> Take(int count)
    {
        if (!TryFill(count)) throw new EndOfStreamException("The client closed the connection.");
        _start += count;
        return _input.AsSpan(_start - count, count);
    }

    /// <returns>False if the client closed before there was anything.</returns>
    private bool TryFill(int count)
    {
        if (_end - _start >= count) return true;
        _input.AsSpan(_start.._end).CopyTo(_input);
        (_start, _end) = (0, _end - _start);
        while (_end < count)
        {
            var read = stream.Read(_input.AsSpan(_end));
            if (read == 0) return _end == 0 ? false : throw new EndOfStreamException("The client closed the connection in the middle of a request.");
            _end += read;
        }

        return true;
    }
}
