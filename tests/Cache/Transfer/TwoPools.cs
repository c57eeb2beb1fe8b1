using System.Net;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;
using ActorInference.Gpu.Kv;

namespace ActorInference.Cache.Tests.Transfer;

/// <summary>A sender's and a receiver's pool, as if in two processes.</summary>
internal sealed class TwoPools : IAsyncDisposable
{
    /// <summary>Nothing counts as stalled because the machine is busy.</summary>
    public static readonly PageFetcherOptions Calm = new() { Stall = TimeSpan.FromSeconds(50) };

    public static readonly KvPageLayout Layout = new(Layers: 2, PageSizeTokens: 16, KvHeads: 2, HeadDim: 16, KvDtype.F32);

    public TwoPools(
        int pages = 64,
        bool shared = false,
        PageFetcherOptions? options = null,
        KvPageLayout? receiverLayout = null,
        PageServerOptions? serverOptions = null,
        KvPageLayout? layout = null)
    {
        Sender = new KvPagePool(layout ?? Layout, pages, shared);
        Receiver = new KvPagePool(receiverLayout ?? layout ?? Layout, pages);
        Server = new PageServer(Sender, IPAddress.Loopback, 0, serverOptions ?? new PageServerOptions { Stall = TimeSpan.FromSeconds(50) });
        Fetcher = new PageFetcher(Receiver, options ?? Calm);
    }

    public KvPagePool Sender { get; }

    public KvPagePool Receiver { get; }

    public PageServer Server { get; }

    public PageFetcher Fetcher { get; }

    public KvPageSource Source => new(Sender.Layout, Sender.CapacityPages, Sender.SharedPath, "127.0.0.1", Server.Port);

    /// <summary>Fills pages of the sender with random bytes.</summary>
    public int[] Fill(int count, int seed)
    {
        var pages = new int[count];
        Assert.True(Sender.TryAllocate(pages));
        var random = new Random(seed);
        foreach (var page in pages) random.NextBytes(Sender.Bytes(page).Span);
        return pages;
    }

    public int[] Allocate(int count)
    {
        var pages = new int[count];
        Assert.True(Receiver.TryAllocate(pages));
        return pages;
    }

    /// <summary>The message that a sender of these pages would send.</summary>
    public KvTransferProtocol.KvPages Message(int[] pages, KvPageSource? source = null, int firstPage = 0, int? nextToken = null, AttemptId? attempt = null) => new(
        attempt ?? new AttemptId(RequestId.New(), 0),
        1,
        Sender.Id,
        firstPage,
        [.. pages.Select(page => new KvPageReference(page, Sender.Generation(page)))],
        nextToken,
        new KvTransferProtocol.RemotePages(source ?? Source, [.. pages.Select(page => PageChecksum.Compute(Sender.Bytes(page).Span))]));

    public void AssertSame(int[] sent, int[] received)
    {
        for (var i = 0; i < sent.Length; i++) Assert.True(Sender.Bytes(sent[i]).Span.SequenceEqual(Receiver.Bytes(received[i]).Span), $"Page {i} differs.");
    }

    public async ValueTask DisposeAsync()
    {
        await Fetcher.DisposeAsync();
        await Server.DisposeAsync();
        Sender.Dispose();
        Receiver.Dispose();
    }
}
