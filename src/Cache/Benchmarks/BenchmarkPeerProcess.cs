using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Benchmarks;

/// <summary>The second process, as the first one sees it. Ended with this; it ends by itself too when its input does.</summary>
internal sealed class BenchmarkPeerProcess : IDisposable
{
    private const int LatencySamples = 200;
    private const int Question = 16;

    /// <summary>Longest silence of a raw connection.</summary>
    private const int RawTimeoutMs = 30_000;

    private readonly Process _process;
    private readonly Stream _input;
    private readonly BinaryReader _output;
    private readonly IPageMemory _pool;
    private readonly string _sharedPath;
    private readonly int _port;
    private readonly int _rawPort;

    /// <param name="process">Just started, its input and output redirected.</param>
    /// <param name="pool">Of this process.</param>
    /// <param name="pages">All of its pages.</param>
    /// <exception cref="IOException">The process ended.</exception>
    public BenchmarkPeerProcess(Process process, IPageMemory pool, int[] pages)
    {
        (_process, _pool, Pages) = (process, pool, pages);
        _input = process.StandardInput.BaseStream;
        _output = new BinaryReader(new BufferedStream(process.StandardOutput.BaseStream, 1 << 16));
        try
        {
            Pool = new KvPoolId(new Guid(_output.ReadBytes(16)));
            _sharedPath = _output.ReadString();
            (_port, _rawPort) = (_output.ReadInt32(), _output.ReadInt32());
        }
        catch (Exception ended) when (ended is IOException or ArgumentException)
        {
            Dispose();
            throw new IOException("The second process ended before it was ready.", ended);
        }
    }

    /// <summary>Its pool.</summary>
    public KvPoolId Pool { get; }

    /// <summary>All pages, in the order in which both processes took them.</summary>
    public int[] Pages { get; }

    public KvPageSource Source(KvPageLayout layout) => new(layout, Pages.Length, _sharedPath is "" ? null : _sharedPath, "127.0.0.1", _port);

    public void Tell(TransferBenchmarkPeer.Command command, params ReadOnlySpan<byte> arguments)
    {
        _input.Write([(byte)command, .. arguments]);
        _input.Flush();
    }

    public void ReadChecksums(Span<uint> checksums) => _output.BaseStream.ReadExactly(MemoryMarshal.AsBytes(checksums));

    public CpuCount Count()
    {
        Tell(TransferBenchmarkPeer.Command.Count);
        return CpuCount.Read(_output);
    }

    /// <summary>All pages over plain blocking connections: the best of one and two, each with the kernel's buffers and with those of the page server.</summary>
    public double BestRawGigabytesPerSecond()
    {
        var best = 0.0;
        foreach (var ownBuffers in (ReadOnlySpan<bool>)[false, true])
        {
            for (var connections = 1; connections <= 2; connections++) best = Math.Max(best, RawGigabytesPerSecond(connections, ownBuffers));
        }

        return best;
    }

    private double RawGigabytesPerSecond(int connections, bool ownBuffers)
    {
        Tell(TransferBenchmarkPeer.Command.SendRaw, (byte)connections, ownBuffers ? (byte)1 : (byte)0);
        var sockets = Enumerable.Range(0, connections).Select(_ => Connect()).ToArray();
        var start = Stopwatch.GetTimestamp();
        TransferBenchmarkPeer.OnThreads(connections, i =>
        {
            sockets[i].Send([(byte)i]);
            foreach (var page in TransferBenchmarkPeer.Share(Pages, i, connections)) ReceiveAll(sockets[i], _pool.Bytes(page).Span);
        });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var socket in sockets) socket.Dispose();
        return (double)Pages.Length * _pool.Layout.PageBytes / seconds / 1e9;
    }

    /// <summary>A page for a question, over a plain blocking connection: the median.</summary>
    public double RawRoundTripUs()
    {
        Tell(TransferBenchmarkPeer.Command.AnswerRaw);
        using var socket = Connect();
        Span<byte> question = stackalloc byte[Question];
        var times = new List<double>(LatencySamples);
        for (var i = 0; i < LatencySamples; i++)
        {
            var start = Stopwatch.GetTimestamp();
            socket.Send(question);
            ReceiveAll(socket, _pool.Bytes(Pages[i % Pages.Length]).Span);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return BenchmarkWays.Median(times);
    }

    public void Dispose()
    {
        _input.Dispose();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5))) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private Socket Connect()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = RawTimeoutMs, SendTimeout = RawTimeoutMs };
        socket.Connect(IPAddress.Loopback, _rawPort);
        return socket;
    }

    private static void ReceiveAll(Socket socket, Span<byte> target)
    {
        while (target.Length > 0)
        {
            var received = socket.Receive(target);
            if (received == 0) throw new IOException("The second process closed a connection.");
            target = target[received..];
        }
    }
}
