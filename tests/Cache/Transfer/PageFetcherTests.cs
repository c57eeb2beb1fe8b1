using System.Net.Sockets;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Transfer;

namespace ActorInference.Cache.Tests.Transfer;

public sealed class PageFetcherTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [SkippableTheory]
    [InlineData(true, 1)]
    [InlineData(true, 50)]
    [InlineData(false, 1)]
    [InlineData(false, 50)]
    public async Task Pages_arrive_as_they_were_sent(bool shared, int count)
    {
        Skip.If(shared && SharedSegment.Folder is null, "this system has no /dev/shm");
        await using var pools = new TwoPools(shared: shared);
        var (sent, received) = (pools.Fill(count, seed: count), pools.Allocate(count));

        await pools.Fetcher.FetchAsync(pools.Message(sent), received, CancellationToken.None).WaitAsync(Limit);

        pools.AssertSame(sent, received);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(50)]
    public async Task Pages_of_a_shared_pool_arrive_over_tcp_too(int count)
    {
        Skip.If(SharedSegment.Folder is null, "this system has no /dev/shm");
        await using var pools = new TwoPools(shared: true, options: TwoPools.Calm with { UseSharedMemory = false });
        var (sent, received) = (pools.Fill(count, seed: count), pools.Allocate(count));
        if (count > 2) (sent[0], sent[1]) = (sent[1], sent[0]);   // Some side by side, some not.

        await pools.Fetcher.FetchAsync(pools.Message(sent), received, CancellationToken.None).WaitAsync(Limit);

        pools.AssertSame(sent, received);
        Assert.Equal(0, pools.Server.ProtocolErrors);
    }

    [SkippableFact]
    public async Task Shared_memory_is_used_without_a_server_and_left_alone_when_told_so()
    {
        Skip.If(SharedSegment.Folder is null, "this system has no /dev/shm");
        await using var pools = new TwoPools(shared: true);
        await using var overTcp = new PageFetcher(pools.Receiver, TwoPools.Calm with { UseSharedMemory = false });
        var (sent, received) = (pools.Fill(4, seed: 1), pools.Allocate(4));
        var noServer = pools.Message(sent, pools.Source with { Port = 0 });

        await pools.Fetcher.FetchAsync(noServer, received, CancellationToken.None).WaitAsync(Limit);

        pools.AssertSame(sent, received);
        Assert.Equal(TransferError.Broken, (await FailsAsync(overTcp.FetchAsync(noServer, received, CancellationToken.None))).Error);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Many_messages_at_once_arrive_each_as_it_was_sent(int seed)
    {
        await using var pools = new TwoPools(pages: 512, options: TwoPools.Calm with { Connections = 3 });
        var random = new Random(seed);
        var messages = Enumerable.Range(0, 40).Select(i => pools.Fill(random.Next(1, 12), seed * 100 + i)).Select(sent => (Sent: sent, Received: pools.Allocate(sent.Length))).ToList();

        await Task.WhenAll(messages.Select(message => pools.Fetcher.FetchAsync(pools.Message(message.Sent), message.Received, CancellationToken.None))).WaitAsync(Limit);

        foreach (var (sent, received) in messages) pools.AssertSame(sent, received);
    }

    [Fact]
    public async Task A_page_that_was_released_is_gone_and_the_connection_to_others_goes_on()
    {
        await using var pools = new TwoPools();
        var sent = pools.Fill(3, seed: 1);
        var message = pools.Message(sent);
        pools.Sender.Release([sent[1]]);

        var failure = await FailsAsync(pools.Fetcher.FetchAsync(message, pools.Allocate(3), CancellationToken.None));
        var next = pools.Fill(3, seed: 2);
        var received = pools.Allocate(3);
        await pools.Fetcher.FetchAsync(pools.Message(next), received, CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(TransferError.Gone, failure.Error);
        pools.AssertSame(next, received);
        Assert.Equal(2 + 3, pools.Sender.UsedPages);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_page_whose_bytes_changed_is_not_accepted(bool shared)
    {
        Skip.If(shared && SharedSegment.Folder is null, "this system has no /dev/shm");
        await using var pools = new TwoPools(shared: shared);
        var sent = pools.Fill(5, seed: 1);
        var message = pools.Message(sent);
        pools.Sender.Bytes(sent[3]).Span[100] ^= 1;

        var failure = await FailsAsync(pools.Fetcher.FetchAsync(message, pools.Allocate(5), CancellationToken.None));

        Assert.Equal(TransferError.Corrupt, failure.Error);
    }

    [Fact]
    public async Task Pools_of_different_shape_do_not_exchange_pages_and_say_what_differs()
    {
        await using var pools = new TwoPools(receiverLayout: TwoPools.Layout with { HeadDim = 8 });

        var failure = await FailsAsync(pools.Fetcher.FetchAsync(pools.Message(pools.Fill(1, seed: 1)), pools.Allocate(1), CancellationToken.None));

        Assert.Equal(TransferError.Mismatch, failure.Error);
        Assert.Contains("head dimension 8 and 16", failure.Message);
    }

    [Fact]
    public async Task A_server_that_was_started_anew_does_not_have_the_old_pool()
    {
        await using var pools = new TwoPools();
        await using var others = new TwoPools();
        var message = pools.Message(pools.Fill(1, seed: 1), others.Source);

        Assert.Equal(TransferError.Gone, (await FailsAsync(pools.Fetcher.FetchAsync(message, pools.Allocate(1), CancellationToken.None))).Error);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_at_once()
    {
        await using var pools = new TwoPools();
        // Nobody listens there, nor can anybody: it is taken.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var message = pools.Message(pools.Fill(1, seed: 1), pools.Source with { Port = ((System.Net.IPEndPoint)taken.LocalEndPoint!).Port });

        Assert.Equal(TransferError.Broken, (await FailsAsync(pools.Fetcher.FetchAsync(message, pools.Allocate(1), CancellationToken.None))).Error);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up_after_the_deadline()
    {
        await using var pools = new TwoPools(options: new PageFetcherOptions { Stall = TimeSpan.FromMilliseconds(200) });
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var source = pools.Source with { Port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port };

        var failure = await FailsAsync(pools.Fetcher.FetchAsync(pools.Message(pools.Fill(1, seed: 1), source), pools.Allocate(1), CancellationToken.None));

        Assert.Equal(TransferError.TimedOut, failure.Error);
    }

    [SkippableTheory]
    [InlineData("/etc/passwd")]
    [InlineData("/dev/shm/../../etc/passwd")]
    public async Task Only_segments_of_pages_are_mapped(string path)
    {
        Skip.If(SharedSegment.Folder is null || !File.Exists(path), "this system has no /dev/shm");
        await using var pools = new TwoPools();
        var message = pools.Message(pools.Fill(1, seed: 1), pools.Source with { SharedPath = path });

        Assert.Equal(TransferError.Broken, (await FailsAsync(pools.Fetcher.FetchAsync(message, pools.Allocate(1), CancellationToken.None))).Error);
    }

    [Fact]
    public async Task A_sender_that_lies_about_numbers_is_refused()
    {
        await using var pools = new TwoPools();
        var honest = pools.Message(pools.Fill(2, seed: 1));
        var outside = honest with { Pages = [new KvPageReference(64, 0), honest.Pages[1]] };
        var negative = honest with { Pages = [new KvPageReference(-1, 0), honest.Pages[1]] };
        var uneven = honest with { Remote = honest.Remote! with { Checksums = [1] } };

        foreach (var lie in new[] { outside, negative, uneven })
            Assert.Equal(TransferError.Protocol, (await FailsAsync(pools.Fetcher.FetchAsync(lie, pools.Allocate(2), CancellationToken.None))).Error);
    }

    private static async Task<TransferException> FailsAsync(Task fetch) => await Assert.ThrowsAsync<TransferException>(() => fetch.WaitAsync(Limit));
}
