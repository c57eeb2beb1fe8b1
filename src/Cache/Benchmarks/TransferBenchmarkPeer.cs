using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Transfer;

namespace ActorInference.Cache.Benchmarks;

/// <summary>
/// The second process of <see cref="TransferBenchmark"/>: has the pages, serves them, and does what it is told by its standard input.
/// Ends when that does.
/// </summary>
public static class TransferBenchmarkPeer
{
    /// <summary>Bytes that one message announces, unless a page is larger.</summary>
    internal const int MessageBytes = 8 << 20;

    private const int Question = 16;

    internal enum Command : byte
    {
        /// <summary>Sum all pages and announce them, message by message.</summary>
        Announce = 1,

        /// <summary>Take raw connections, and send the pages over them: their number follows, and whether they have the page server's buffers.</summary>
        SendRaw = 2,

        /// <summary>Take a raw connection, and answer each question with a page until it is closed.</summary>
        AnswerRaw = 3,

        /// <summary>Say how much CPU time, garbage collection and memory it took so far.</summary>
        Count = 4,
    }

    internal static KvPageLayout Layout(int pageBytes) => new(Layers: 1, PageSizeTokens: 16, KvHeads: 1, HeadDim: pageBytes / (2 * 16 * sizeof(float)), KvDtype.F32);

    /// <summary>Serves until the input ends.</summary>
    /// <param name="createPool">A pool of a layout and a number of pages that other processes can map, if the flag says so.</param>
    public static async Task RunAsync<TPool>(int pageBytes, long bytes, Func<KvPageLayout, int, bool, TPool> createPool)
        where TPool : IPageMemory, IDisposable
    {
        using var pool = createPool(Layout(pageBytes), (int)(bytes / pageBytes), SharedSegment.Folder is not null);
        var pages = new int[pool.CapacityPages];
        pool.TryAllocate(pages);
        foreach (var page in pages) Fill(pool.Bytes(page).Span, page);
        await using var exchange = new PageExchange(pool, IPAddress.Loopback, "127.0.0.1", 0, new PageFetcherOptions());
        using var raw = new TcpListener(IPAddress.Loopback, 0);
        raw.Start();
        using var input = Console.OpenStandardInput();
        using var output = new BinaryWriter(new BufferedStream(Console.OpenStandardOutput(), 1 << 16));
        output.Write(pool.Id.Value.ToByteArray());
        output.Write(exchange.Source.SharedPath ?? "");
        output.Write(exchange.Source.Port);
        output.Write(((IPEndPoint)raw.LocalEndpoint).Port);
        output.Flush();
        for (var command = input.ReadByte(); command >= 0; command = input.ReadByte()) Do((Command)command, input, output, pool, pages, raw);
    }

    private static void Do(Command command, Stream input, BinaryWriter output, IPageMemory pool, int[] pages, TcpListener raw)
    {
        switch (command)
        {
            case Command.Announce:
                Announce(output, pool, pages);
                break;
            case Command.SendRaw:
                SendRaw(raw, connections: input.ReadByte(), ownBuffers: input.ReadByte() == 1, pool, pages);
                break;
            case Command.AnswerRaw:
                AnswerRaw(raw, pool, pages);
                break;
            case Command.Count:
                CpuCount.Now().Write(output);
                output.Flush();
                break;
            default:
                throw new InvalidDataException($"The benchmark's peer was told {(byte)command}.");
        }
    }

    private static void Announce(BinaryWriter output, IPageMemory pool, int[] pages)
    {
        var group = PagesOfMessage(pool.Layout.PageBytes);
        for (var first = 0; first < pages.Length; first += group)
        {
            foreach (var page in pages.AsSpan(first, Math.Min(group, pages.Length - first))) output.Write(PageChecksum.Compute(pool.Bytes(page).Span));
            output.Flush();
        }
    }

    internal static int PagesOfMessage(int pageBytes) => Math.Max(1, MessageBytes / pageBytes);

    private static void SendRaw(TcpListener raw, int connections, bool ownBuffers, IPageMemory pool, int[] pages) =>
        OnThreads(connections, i =>
        {
            using var socket = raw.AcceptSocket();
            socket.NoDelay = true;
            if (ownBuffers) socket.SendBufferSize = PageServer.LoopbackBufferBytes;
            // Which share it gets is the other's to say: connections come in any order.
            Span<byte> share = stackalloc byte[1];
            if (socket.Receive(share) == 0) return;
            foreach (var page in Share(pages, share[0], connections)) socket.Send(pool.Bytes(page).Span);
        });

    private static void AnswerRaw(TcpListener raw, IPageMemory pool, int[] pages)
    {
        using var socket = raw.AcceptSocket();
        socket.NoDelay = true;
        Span<byte> question = stackalloc byte[Question];
        for (var i = 0; socket.Receive(question) == Question; i = (i + 1) % pages.Length) socket.Send(pool.Bytes(pages[i]).Span);
    }

    /// <summary>A run of the pages for each connection.</summary>
    internal static Span<int> Share(int[] pages, int index, int connections)
    {
        var (from, to) = ((long)pages.Length * index / connections, (long)pages.Length * (index + 1) / connections);
        return pages.AsSpan((int)from..(int)to);
    }

    internal static void OnThreads(int count, Action<int> work)
    {
        var threads = Enumerable.Range(1, count - 1).Select(i => new Thread(() => work(i)) { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        work(0);
        threads.ForEach(thread => thread.Join());
    }

    private static void Fill(Span<byte> bytes, int page)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (var i = 0; i < words.Length; i++) words[i] = (ulong)(page * 0x1_0000_0001L + i) * 0x9E3779B97F4A7C15;
    }
}
