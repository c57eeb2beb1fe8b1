using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>How the bytes of held pages get onto a connection, after the head of their response.</summary>
internal interface IPageOutput
{
    /// <param name="head">First.</param>
    /// <param name="stretches">Of pages that stay as they are until the client has them. At least 1.</param>
    /// <exception cref="IOException">The connection broke.</exception>
    void Send(ReadOnlySpan<byte> head, ReadOnlySpan<PageWire.Stretch> stretches);
}

/// <summary>Out of the pool's memory, by any stream.</summary>
internal sealed class MemoryOutput(IPageMemory pool, Stream stream) : IPageOutput
{
    /// <summary>What goes out in one piece with the head: a page by itself then wakes its receiver once.</summary>
    private const int StagedBytes = 64 << 10;

    private readonly byte[] _staging = new byte[PageWire.ResponseHeadBytes + StagedBytes];

    public void Send(ReadOnlySpan<byte> head, ReadOnlySpan<PageWire.Stretch> stretches)
    {
        head.CopyTo(_staging);
        var first = Bytes(stretches[0]);
        var staged = Math.Min(first.Length, StagedBytes);
        first[..staged].CopyTo(_staging.AsSpan(head.Length));
        stream.Write(_staging.AsSpan(0, head.Length + staged));
        if (staged < first.Length) stream.Write(first[staged..]);
        foreach (var stretch in stretches[1..]) stream.Write(Bytes(stretch));
    }

    private ReadOnlySpan<byte> Bytes(PageWire.Stretch stretch) => pool.Bytes(stretch.Page.Page).Span.Slice(stretch.Offset, stretch.Length);
}

/// <summary>Out of a pool that the host reaches by copies alone: page by page, through memory of the connection's own.</summary>
internal sealed class StagedOutput(IPageMemory pool, Stream stream) : IPageOutput
{
    private readonly byte[] _page = new byte[pool.Layout.PageBytes];

    public void Send(ReadOnlySpan<byte> head, ReadOnlySpan<PageWire.Stretch> stretches)
    {
        stream.Write(head);
        for (var i = 0; i < stretches.Length; i++)
        {
            var stretch = stretches[i];
            if (i == 0 || stretch.Page != stretches[i - 1].Page) pool.Read(stretch.Page.Page, _page);
            stream.Write(_page.AsSpan(stretch.Offset, stretch.Length));
        }
    }
}

/// <summary>
/// Out of the pool's memory by one call of the kernel for many pages (writev(2)): nothing is copied but into the connection, and a page by
/// itself wakes its receiver once. Linux only. Should a page change before the client has it, its checksum tells.
/// </summary>
internal sealed unsafe partial class GatherOutput(Socket socket, IPageMemory pool) : IPageOutput
{
    /// <summary>Pieces of one call: the kernel takes 1024.</summary>
    private const int MaxPieces = 256;
    private const int Interrupted = 4;   // EINTR

    private readonly Piece[] _pieces = new Piece[MaxPieces];

    public void Send(ReadOnlySpan<byte> head, ReadOnlySpan<PageWire.Stretch> stretches)
    {
        // SAFETY: the pool's memory is not the collector's and outlives the server; the pages are held, and their bounds were checked.
        fixed (byte* first = head)
        {
            var count = 0;
            _pieces[count++] = new Piece(first, head.Length);
            foreach (var stretch in stretches)
            {
                var address = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(pool.Bytes(stretch.Page.Page).Span)) + stretch.Offset;
                if (_pieces[count - 1].End == address)
                {
                    _pieces[count - 1].Bytes += stretch.Length;
                    continue;
                }

                if (count == MaxPieces)
                {
                    Send(count);
                    count = 0;
                }

                _pieces[count++] = new Piece(address, stretch.Length);
            }

            Send(count);
        }
    }

    private void Send(int count)
    {
        for (var i = 0; i < count;)
        {
            var sent = WriteVector(socket.SafeHandle, ref _pieces[i], count - i);
            if (sent < 0 && Marshal.GetLastPInvokeError() == Interrupted) continue;
            if (sent <= 0) throw new IOException("The client cannot be sent to.", new Win32Exception(Marshal.GetLastPInvokeError()));
            for (; i < count && sent >= _pieces[i].Bytes; i++) sent -= _pieces[i].Bytes;
            if (i == count) return;
            _pieces[i].Skip(sent);
        }
    }

    [LibraryImport("libc", EntryPoint = "writev", SetLastError = true)]
    private static partial nint WriteVector(SafeSocketHandle socket, ref Piece pieces, int count);

    /// <summary>The kernel's iovec.</summary>
    private struct Piece(byte* address, nint bytes)
    {
        private byte* _address = address;

        public nint Bytes = bytes;

        public readonly byte* End => _address + Bytes;

        public void Skip(nint sent)
        {
            _address += sent;
            Bytes -= sent;
        }
    }
}
