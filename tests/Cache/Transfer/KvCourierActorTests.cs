using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorInference.Cache.Tests.Transfer;

public sealed class KvCourierActorTests : TestKit
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TestProbe _worker;
    private readonly TestProbe _sender;

    public KvCourierActorTests()
        : base("akka.loglevel = ERROR") => (_worker, _sender) = (CreateTestProbe(), CreateTestProbe());

    [Fact]
    public async Task A_message_is_delivered_when_its_pages_have_landed()
    {
        await using var pools = new TwoPools();
        var courier = Sys.ActorOf(KvCourierActor.Props(pools.Receiver, pools.Fetcher));
        var sent = pools.Fill(5, seed: 1);
        var message = pools.Message(sent, firstPage: 3, nextToken: 7);

        courier.Tell(new KvTransferProtocol.Fetch(message, _sender.Ref), _worker.Ref);

        Assert.Equal(message.Transfer, _sender.ExpectMsg<KvTransferProtocol.PagesLanded>(Limit).Transfer);
        var delivered = _worker.ExpectMsg<KvTransferProtocol.KvPages>(Limit);
        Assert.Equal((pools.Receiver.Id, 3, 7, null), (delivered.Pool, delivered.FirstPage, delivered.NextToken, delivered.Remote));
        pools.AssertSame(sent, [.. delivered.Pages.Select(page => page.Page)]);
        courier.Tell(new KvTransferProtocol.PagesLanded(delivered.Transfer), _worker.Ref);
        AwaitAssert(() => Assert.Equal(0, pools.Receiver.UsedPages), Limit);
        await StopAsync(courier);
    }

    [Fact]
    public async Task Pages_that_do_not_come_are_a_typed_failure_and_no_memory_is_kept()
    {
        await using var pools = new TwoPools();
        var courier = Sys.ActorOf(KvCourierActor.Props(pools.Receiver, pools.Fetcher));
        var sent = pools.Fill(2, seed: 1);
        var message = pools.Message(sent);
        var attempt = message.Attempt;

        foreach (var (broken, error) in new[]
        {
            (message with { Remote = message.Remote! with { Checksums = [1, 2] } }, TransferError.Corrupt),
            (message with { Pages = [new KvPageReference(sent[0], 99), message.Pages[1]] }, TransferError.Gone),
            (message with { Remote = message.Remote! with { Source = pools.Source with { Protocol = 1 } } }, TransferError.Mismatch),
            (message with { Pages = [.. Enumerable.Range(0, 65).Select(_ => message.Pages[0])] }, TransferError.NoRoom),
        })
        {
            courier.Tell(new KvTransferProtocol.Fetch(broken, _sender.Ref), _worker.Ref);

            var failed = _worker.ExpectMsg<KvTransferProtocol.FetchFailed>(Limit);
            Assert.Equal((attempt, error), (failed.Attempt, failed.Error));
            Assert.Equal(message.Transfer, _sender.ExpectMsg<KvTransferProtocol.PagesRefused>(Limit).Transfer);
            Assert.Equal(0, pools.Receiver.UsedPages);
        }

        await StopAsync(courier);
    }

    [Fact]
    public async Task A_sender_without_credit_waits_and_others_go_on()
    {
        await using var pools = new TwoPools(options: new PageFetcherOptions { MaxPeerBytesInFlight = 1, Stall = TimeSpan.FromSeconds(50) });
        await using var fast = new TwoPools();
        using var slowMayGo = new ManualResetEventSlim();
        var sent = pools.Fill(1, seed: 1);
        using var slow = new LyingServer((stream, _) =>
        {
            LyingServer.Welcome(stream, KvTransferFormat.Of(TwoPools.Layout));
            while (true)
            {
                LyingServer.Request(stream);
                slowMayGo.Wait(Limit);
                LyingServer.Head(stream);
                stream.Write(pools.Sender.Bytes(sent[0]).Span);
            }
        });
        var courier = Sys.ActorOf(KvCourierActor.Props(pools.Receiver, pools.Fetcher));
        var fromSlow = Enumerable.Range(0, 3).Select(i => pools.Message(sent, pools.Source with { Port = slow.Port }, firstPage: i)).ToList();
        foreach (var message in fromSlow) courier.Tell(new KvTransferProtocol.Fetch(message, _sender.Ref), _worker.Ref);
        var fromFast = fast.Message(fast.Fill(2, seed: 2), firstPage: 77);
        courier.Tell(new KvTransferProtocol.Fetch(fromFast, _sender.Ref), _worker.Ref);

        Assert.Equal(77, _worker.ExpectMsg<KvTransferProtocol.KvPages>(Limit).FirstPage);
        Assert.Equal(2 + 1, pools.Receiver.UsedPages);   // Of three messages of the slow one, one has been given memory.
        slowMayGo.Set();
        int[] rest = [.. Enumerable.Range(0, 3).Select(_ => _worker.ExpectMsg<KvTransferProtocol.KvPages>(Limit).FirstPage)];
        Assert.Equal([0, 1, 2], rest);
        await StopAsync(courier);
    }

    /// <summary>Its pool may be freed when it is gone, and not before.</summary>
    private async Task StopAsync(IActorRef courier) => Assert.True(await courier.GracefulStop(Limit));
}
