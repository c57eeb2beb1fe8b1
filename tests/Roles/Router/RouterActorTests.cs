using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Router;
using ActorInference.Roles.Tests.Testing;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Router;

public sealed class RouterActorTests : TestKit
{
    private readonly TestProbe _prefill;
    private readonly TestProbe _decode;
    private readonly IActorRef _router;
    private int _lastRequest;

    public RouterActorTests()
        : base("akka.loglevel = WARNING\n" + Deadline.OfTestKit)
    {
        (_prefill, _decode) = (CreateTestProbe(), CreateTestProbe());
        _router = Sys.ActorOf(RouterActor.Props(new RouterOptions { MaxInFlight = 2, WorkerSilence = Deadline.Limit }));
    }

    [Fact]
    public void An_attempt_waits_for_the_first_workers()
    {
        var attempt = Assign(this);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        ReportBoth();

        var assigned = ExpectMsg<RouterProtocol.Assigned>();
        Assert.Equal((attempt, _prefill.Ref, _decode.Ref), (assigned.Attempt, assigned.Prefill.Actor, assigned.Decode.Actor));
    }

    [Fact]
    public void A_generation_too_many_is_refused_until_one_releases()
    {
        ReportBoth();
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        var attempt = Assign(first);
        Assign(second);
        first.ExpectMsg<RouterProtocol.Assigned>();
        second.ExpectMsg<RouterProtocol.Assigned>();
        Assign(this);
        Assert.Contains("2 generations", ExpectMsg<RouterProtocol.Overloaded>().Message);

        _router.Tell(new RouterProtocol.Release(attempt), first);
        Assign(this);
        ExpectMsg<RouterProtocol.Assigned>();
    }

    [Fact]
    public void A_generation_that_is_gone_has_released_its_workers()
    {
        ReportBoth();
        for (var i = 0; i < 5; i++)
        {
            var generation = CreateTestProbe();
            AwaitAssert(() =>
            {
                Assign(generation);
                generation.ExpectMsg<RouterProtocol.Assigned>();
            });
            Sys.Stop(generation.Ref);
        }
    }

    [Fact]
    public void A_further_attempt_replaces_the_earlier_and_is_never_one_too_many()
    {
        ReportBoth();
        var request = new RequestId("r");
        Assign(CreateTestProbe());
        for (var number = 0; number < 5; number++)
        {
            _router.Tell(new RouterProtocol.Assign(new AttemptId(request, number), 1, [], []), TestActor);
            ExpectMsg<RouterProtocol.Assigned>();
        }

        _router.Tell(RouterProtocol.GetWorkers.Instance, TestActor);
        Assert.Equal(2, ExpectMsg<RouterProtocol.Workers>().InFlight);
    }

    [Fact]
    public void A_worker_that_died_gets_no_work()
    {
        ReportBoth();
        var other = CreateTestProbe();
        _router.Tell(new RouterProtocol.WorkerReport(new WorkerId("decode-1"), WorkerRole.Decode, other.Ref, Jobs: 100, 0));
        Watch(_decode.Ref);
        Sys.Stop(_decode.Ref);
        ExpectTerminated(_decode.Ref);

        AwaitAssert(() =>
        {
            _router.Tell(RouterProtocol.GetWorkers.Instance, TestActor);
            Assert.Equal(2, ExpectMsg<RouterProtocol.Workers>().Reports.Length);
        });
        Assign(this);
        Assert.Equal(other.Ref, ExpectMsg<RouterProtocol.Assigned>().Decode.Actor);
    }

    [Fact]
    public void Who_waits_for_workers_that_differ_is_told_why()
    {
        var pages = KvTransferFormat.Of(new KvPageLayout(Layers: 2, PageSizeTokens: 16, KvHeads: 4, HeadDim: 8, KvDtype.F32));
        var larger = pages with { Layout = pages.Layout with { PageSizeTokens = 64 } };
        var (early, late) = (CreateTestProbe(), CreateTestProbe());
        Assign(early);
        _router.Tell(new RouterProtocol.WorkerReport(new WorkerId("prefill-0"), WorkerRole.Prefill, _prefill.Ref, 0, 0, pages));
        _router.Tell(new RouterProtocol.WorkerReport(new WorkerId("decode-0"), WorkerRole.Decode, _decode.Ref, 0, 0, larger));
        Assert.EndsWith("stands: tokens a page 16 and 64.", early.ExpectMsg<GatewayProtocol.NotPaired>().Reason);

        Assign(late);
        Assert.EndsWith("stands: tokens a page 16 and 64.", late.ExpectMsg<GatewayProtocol.NotPaired>().Reason);

        _router.Tell(new RouterProtocol.WorkerReport(new WorkerId("decode-0"), WorkerRole.Decode, _decode.Ref, 0, 0, pages));
        early.ExpectMsg<RouterProtocol.Assigned>();
        late.ExpectMsg<RouterProtocol.Assigned>();
    }

    [Fact]
    public void Who_waits_for_workers_is_told_when_each_role_has_one()
    {
        _router.Tell(RouterProtocol.AwaitServing.Instance, TestActor);
        Report("prefill-0", WorkerRole.Prefill, _prefill);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Report("decode-0", WorkerRole.Decode, _decode);

        ExpectMsg<RouterProtocol.Serving>();
    }

    private AttemptId Assign(TestKitBase generation)
    {
        var attempt = new AttemptId(new RequestId($"r{++_lastRequest}"), 0);
        _router.Tell(new RouterProtocol.Assign(attempt, 10, [], []), generation.TestActor);
        return attempt;
    }

    private void ReportBoth()
    {
        Report("prefill-0", WorkerRole.Prefill, _prefill);
        Report("decode-0", WorkerRole.Decode, _decode);
    }

    private void Report(string worker, WorkerRole role, TestProbe actor) =>
        _router.Tell(new RouterProtocol.WorkerReport(new WorkerId(worker), role, actor.Ref, 0, 0));
}
