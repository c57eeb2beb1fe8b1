using System.Net;
using System.Net.Sockets;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Transfer;

namespace ActorInference.Cache.Tests.Transfer;

/// <summary>The other side of a TCP transfer breaks its promises: a typed error in time, and memory given back.</summary>
public sealed class PageFaultTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly KvTransferFormat Format = KvTransferFormat.Of(TwoPools.Layout);

    [Fact]
    public async Task A_connection_cut_in_mid_page_is_broken()
    {
        await using var pools = new TwoPools();
        using var server = new LyingServer((stream, _) =>
        {
            LyingServer.Welcome(stream, Format);
            LyingServer.Request(stream);
            LyingServer.Head(stream);
            stream.Write(new byte[TwoPools.Layout.PageBytes / 2]);
        });

        var failure = await FailsAsync(pools, server);

        Assert.Equal(TransferError.Broken, failure.Error);
        Assert.Contains("broke off", failure.Message);
    }

    [Fact]
    public async Task A_sender_that_sends_less_than_it_says_is_given_up_after_the_deadline()
    {
        await using var pools = new TwoPools(options: new PageFetcherOptions { Stall = TimeSpan.FromMilliseconds(300) });
        using var server = new LyingServer((stream, _) =>
        {
            LyingServer.Welcome(stream, Format);
            LyingServer.Request(stream);
            LyingServer.Head(stream);
            stream.Write(new byte[100]);
            LyingServer.Linger(stream);
        });

        Assert.Equal(TransferError.TimedOut, (await FailsAsync(pools, server)).Error);
    }

    [Fact]
    public async Task A_sender_that_sends_more_than_it_was_asked_for_spoils_its_own_next_answer_only()
    {
        await using var pools = new TwoPools(options: TwoPools.Calm with { Connections = 1 });
        using var server = new LyingServer((stream, _) =>
        {
            LyingServer.Welcome(stream, Format);
            while (true)
            {
                var stretches = LyingServer.Request(stream);
                LyingServer.Head(stream);
                foreach (var stretch in stretches) stream.Write(pools.Sender.Bytes(stretch.Page.Page).Span);
                stream.Write(new byte[TwoPools.Layout.PageBytes + 5]);
            }
        });
        var (sent, received) = (pools.Fill(2, seed: 1), pools.Allocate(2));
        var source = pools.Source with { Port = server.Port };

        await pools.Fetcher.FetchAsync(pools.Message(sent, source), received, CancellationToken.None).WaitAsync(Limit);
        pools.AssertSame(sent, received);
        var failure = await Assert.ThrowsAsync<TransferException>(
            () => pools.Fetcher.FetchAsync(pools.Message(sent, source), received, CancellationToken.None).WaitAsync(Limit));
        Assert.Equal(TransferError.Protocol, failure.Error);

        // On a new connection it is as good as at first.
        await pools.Fetcher.FetchAsync(pools.Message(sent, source), received, CancellationToken.None).WaitAsync(Limit);
        pools.AssertSame(sent, received);
    }

    [Fact]
    public async Task Other_bytes_than_were_announced_are_not_accepted()
    {
        await using var pools = new TwoPools();
        using var server = new LyingServer((stream, _) =>
        {
            LyingServer.Welcome(stream, Format);
            var stretches = LyingServer.Request(stream);
            LyingServer.Head(stream);
            stream.Write(new byte[stretches.Sum(stretch => stretch.Length)]);
            LyingServer.Linger(stream);
        });

        Assert.Equal(TransferError.Corrupt, (await FailsAsync(pools, server)).Error);
    }

    [Theory]
    [InlineData(2, TransferError.Gone, "started anew")]
    [InlineData(4, TransferError.NoRoom, "as many clients")]
    [InlineData(3, TransferError.Protocol, "answers 3")]   // It says that the format is another, and shows the same.
    [InlineData(77, TransferError.Protocol, "answers 77")]
    public async Task A_server_that_does_not_welcome_is_understood(int answer, TransferError error, string message)
    {
        await using var pools = new TwoPools();
        using var server = new LyingServer((stream, _) => LyingServer.Welcome(stream, Format, (PageWire.Answer)answer));

        var failure = await FailsAsync(pools, server);

        Assert.Equal(error, failure.Error);
        Assert.Contains(message, failure.Message);
    }

    [Fact]
    public async Task A_server_of_another_version_is_told_apart_by_what_differs()
    {
        await using var pools = new TwoPools();
        var theirs = new KvTransferFormat(9, TwoPools.Layout with { Dtype = KvDtype.BF16 });
        using var server = new LyingServer((stream, _) => LyingServer.Welcome(stream, theirs, PageWire.Answer.OtherFormat));

        var failure = await FailsAsync(pools, server);

        Assert.Equal(TransferError.Mismatch, failure.Error);
        Assert.Contains("protocol version 2 and 9, dtype F32 and BF16", failure.Message);
    }

    [Fact]
    public async Task A_sender_of_another_version_is_refused_before_anybody_connects()
    {
        await using var pools = new TwoPools(shared: SharedSegment.Folder is not null);
        var source = pools.Source with { Protocol = 1 };

        var failure = await Assert.ThrowsAsync<TransferException>(
            () => pools.Fetcher.FetchAsync(pools.Message(pools.Fill(1, seed: 1), source), pools.Allocate(1), CancellationToken.None));

        Assert.Equal(TransferError.Mismatch, failure.Error);
        Assert.Contains("protocol version 2 and 1", failure.Message);
    }

    [Fact]
    public async Task A_connection_that_was_closed_while_idle_is_made_anew()
    {
        await using var pools = new TwoPools(options: TwoPools.Calm with { Connections = 1 });
        using var closed = new ManualResetEventSlim();
        using var server = new LyingServer((stream, number) =>
        {
            LyingServer.Welcome(stream, Format);
            do
            {
                var stretches = LyingServer.Request(stream);
                LyingServer.Head(stream);
                foreach (var stretch in stretches) stream.Write(pools.Sender.Bytes(stretch.Page.Page).Span.Slice(stretch.Offset, stretch.Length));
            }
            while (number > 0);
            closed.Set();
        });
        var (sent, received) = (pools.Fill(3, seed: 1), pools.Allocate(3));
        var source = pools.Source with { Port = server.Port };
        await pools.Fetcher.FetchAsync(pools.Message(sent, source), received, CancellationToken.None).WaitAsync(Limit);
        Assert.True(closed.Wait(Limit));

        await pools.Fetcher.FetchAsync(pools.Message(sent, source), received, CancellationToken.None).WaitAsync(Limit);

        pools.AssertSame(sent, received);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_receiver_that_stops_reading_is_ended_and_its_pages_come_back(bool shared)
    {
        Skip.If(shared && SharedSegment.Folder is null, "this system has no /dev/shm");
        await using var pools = new TwoPools(shared: shared, options: TwoPools.Calm with { UseSharedMemory = false }, serverOptions: new PageServerOptions { Stall = TimeSpan.FromSeconds(3), MinBytesPerSecond = 1_000_000_000 });
        var sent = pools.Fill(8, seed: 1);
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await silent.ConnectAsync(IPAddress.Loopback, pools.Server.Port);
        var greeting = new byte[PageWire.GreetingBytes];
        PageWire.WriteGreeting(greeting, pools.Sender.Id, Format);
        var request = new byte[PageWire.RequestHeadBytes + PageWire.MaxStretches * PageWire.StretchBytes];
        BitConverter.TryWriteBytes(request, PageWire.MaxStretches);
        for (var i = 0; i < PageWire.MaxStretches; i++)
        {
            PageWire.WriteStretch(
                request.AsSpan(PageWire.RequestHeadBytes + i * PageWire.StretchBytes),
                new PageWire.Stretch(new KvPageReference(sent[i % sent.Length], 0), 0, TwoPools.Layout.PageBytes));
        }

        // More than any socket's buffers take.
        await silent.SendAsync((byte[])[.. greeting, .. Enumerable.Repeat(request, 8).SelectMany(bytes => bytes)]);
        var received = pools.Allocate(8);
        await pools.Fetcher.FetchAsync(pools.Message(sent), received, CancellationToken.None).WaitAsync(Limit);   // Others are served meanwhile.
        pools.AssertSame(sent, received);

        Assert.True(SpinWait.SpinUntil(() => pools.Server.Stalled >= 1, Limit), "The silent client was not ended.");
        pools.Sender.Release(sent);
        Assert.True(SpinWait.SpinUntil(() => pools.Sender.UsedPages == 0, Limit), $"{pools.Sender.UsedPages} pages are held for a client that is gone.");
    }

    [Fact]
    public async Task A_client_too_many_is_told_so_and_served_when_there_is_room()
    {
        await using var pools = new TwoPools(serverOptions: new PageServerOptions { MaxConnections = 1, Stall = TimeSpan.FromSeconds(50) }, options: TwoPools.Calm with { Connections = 1 });
        var (sent, received) = (pools.Fill(2, seed: 1), pools.Allocate(2));
        using (var other = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await other.ConnectAsync(IPAddress.Loopback, pools.Server.Port);
            Assert.True(SpinWait.SpinUntil(() => pools.Server.Connections == 1, Limit));
            var failure = await Assert.ThrowsAsync<TransferException>(
                () => pools.Fetcher.FetchAsync(pools.Message(sent), received, CancellationToken.None).WaitAsync(Limit));
            Assert.Equal(TransferError.NoRoom, failure.Error);
        }

        Assert.True(SpinWait.SpinUntil(() => pools.Server.Connections == 0, Limit));
        await pools.Fetcher.FetchAsync(pools.Message(sent), received, CancellationToken.None).WaitAsync(Limit);
        pools.AssertSame(sent, received);
    }

    [SkippableTheory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    public async Task Large_pages_come_in_stretches_by_all_connections_and_are_whole(int count, bool shared)
    {
        Skip.If(shared && SharedSegment.Folder is null, "this system has no /dev/shm");
        var layout = TwoPools.Layout with { PageSizeTokens = 512, HeadDim = 264 };   // 4.1 MiB, and no power of two.
        await using var pools = new TwoPools(pages: 4, shared: shared, layout: layout, options: TwoPools.Calm with { Connections = 4, UseSharedMemory = false });
        var (sent, received) = (pools.Fill(count, seed: 1), pools.Allocate(count));
        var message = pools.Message(sent);

        await pools.Fetcher.FetchAsync(message, received, CancellationToken.None).WaitAsync(Limit);
        pools.AssertSame(sent, received);

        pools.Sender.Bytes(sent[count / 2]).Span[layout.PageBytes / 2] ^= 1;
        var failure = await Assert.ThrowsAsync<TransferException>(() => pools.Fetcher.FetchAsync(message, received, CancellationToken.None).WaitAsync(Limit));
        Assert.Equal(TransferError.Corrupt, failure.Error);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Parts_of_a_job_are_all_of_it_each_once_and_begin_where_sums_can(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 500; round++)
        {
            var layout = new KvPageLayout(1, 16, 1, random.Next(1, 20_000), KvDtype.F16);
            var (pages, connections) = (random.Next(1, 9), random.Next(1, 6));
            var parts = PagePart.Split(null!, layout.PageBytes, pages, connections);
            var where = $"Seed {seed}, round {round}";
            Assert.InRange(parts.Length, 1, connections);
            var position = 0L;
            foreach (var part in parts)
            {
                Assert.True(part.Position == position, where);
                Assert.True(part.Position % layout.PageBytes % PageSums.RowBytes == 0, where);
                Assert.True(part.End > part.Position, where);
                position = part.End;
            }

            Assert.True(position == (long)pages * layout.PageBytes, where);
        }
    }

    private static async Task<TransferException> FailsAsync(TwoPools pools, LyingServer server) => await Assert.ThrowsAsync<TransferException>(
        () => pools.Fetcher.FetchAsync(pools.Message(pools.Fill(2, seed: 1), pools.Source with { Port = server.Port }), pools.Allocate(2), CancellationToken.None)
            .WaitAsync(Limit));
}
