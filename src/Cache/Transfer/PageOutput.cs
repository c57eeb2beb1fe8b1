using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;
using Microsoft.Win32.SafeHandles;

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

/// <summary>
/// Out of the file that a shared pool is, by the kernel, which sends the pool's own memory and copies nothing (sendfile(2)); what lies side
/// by side goes in one call. Linux only. Should a page change before the client has it, its checksum tells.
/// </summary>
internal sealed partial class FileOutput(Socket socket, SafeFileHandle file, int pageBytes) : IPageOutput
{
    private const int MoreFollows = 0x8000;   // MSG_MORE
    private const int Interrupted = 4;        // EINTR

    public void Send(ReadOnlySpan<byte> head, ReadOnlySpan<PageWire.Stretch> stretches)
    {
        var sent = SendBytes(socket.SafeHandle, head, head.Length, MoreFollows);
        if (sent != head.Length) throw Broken();
        for (var i = 0; i < stretches.Length;)
        {
            var begin = Position(stretches[i]);
            var end = begin;
            for (; i < stretches.Length && Position(stretches[i]) == end; i++) end += stretches[i].Length;
            SendFile(begin, end);
        }
    }

    private void SendFile(long begin, long end)
    {
        while (begin < end)
        {
            var sent = SendFile(socket.SafeHandle, file, ref begin, (nint)(end - begin));
            if (sent > 0 || (sent < 0 && Marshal.GetLastPInvokeError() == Interrupted)) continue;
            throw Broken();
        }
    }

    private long Position(PageWire.Stretch stretch) => (long)stretch.Page.Page * pageBytes + stretch.Offset;

    private static IOException Broken() => new("The client cannot be sent to.", new Win32Exception(Marshal.GetLastPInvokeError()));

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendBytes(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, nint length, int flags);

    /// <param name="offset">Moves on by what was sent.</param>
    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    private static partial nint SendFile(SafeSocketHandle socket, SafeFileHandle file, ref long offset, nint count);
}
