using System.Collections.Concurrent;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Tests.Engine;
using ActorInference.Roles.Router;
using ActorInference.Roles.Tests.Testing;
using ActorInference.Roles.Workers;
using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.Roles.Tests.Workers;

/// <summary>What a new worker does before routers hear of it, in a cluster whose router is a recorder.</summary>
public sealed class RehearsalTests : IAsyncLifetime
{
    private static readonly KvTransferFormat Format = KvTransferFormat.Of(ScriptedRunner.Layout(WorkerNode.PageSizeTokens));

    private static readonly int Pages = new RehearsalOptions { Worker = default, Role = default, Format = Format, Routers = ActorRefs.Nobody }.Pages;

    private readonly ActorSystem _gateway = WorkerNode.CreateSystem("gateway");
    private readonly List<WorkerNode> _nodes = [];
    private readonly ConcurrentDictionary<WorkerId, RouterProtocol.WorkerReport> _reports = [];

    /// <summary>What each worker had computed, and what all had, when the router first heard of it.</summary>
    private readonly ConcurrentDictionary<WorkerId, (int Itself, int All)> _computed = [];

    private Address Seed => Cluster.Get(_gateway).SelfAddress;

    public Task InitializeAsync()
    {
        Cluster.Get(_gateway).Join(Seed);
        _gateway.ActorOf(Props.Create(() => new RecordingRouter(this)), RouterActor.Name);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        await Deadline.OnAsync(_gateway.Terminate());
    }

    [Fact]
    public async Task No_router_hears_of_a_worker_before_pages_have_gone_between_it_and_the_others()
    {
        var alone = Add(WorkerRole.Decode);
        alone.Start(Seed);
        await UntilKnownAsync(alone);
        Assert.Equal((0, 0), _computed[alone.Worker]);

        // A page is of use for one token at the decode worker that has got it, and was computed of a prompt that does not fill it.
        var prefill = Add(WorkerRole.Prefill);
        prefill.Start(Seed);
        await UntilKnownAsync(prefill);
        Assert.Equal(Pages, alone.ComputedTokens);
        Assert.Equal((Pages * (WorkerNode.PageSizeTokens - 2), Pages * (WorkerNode.PageSizeTokens - 1)), _computed[prefill.Worker]);

        var decode = Add(WorkerRole.Decode);
        decode.Start(Seed);
        await UntilKnownAsync(decode);
        Assert.Equal(Pages, _computed[decode.Worker].Itself);
        Assert.Equal(Pages, alone.ComputedTokens);
        foreach (var node in _nodes) await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_worker_that_answers_nothing_delays_another_by_the_deadline_and_no_more()
    {
        Know("decode-silent", _gateway.ActorOf(Props.Create(() => new SilentActor())));
        var prefill = Add(WorkerRole.Prefill, "actor-inference.prefill.rehearsal-deadline = 300ms");

        prefill.Start(Seed);

        await UntilKnownAsync(prefill);
        await prefill.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_worker_that_refuses_and_a_preparation_that_fails_delay_nobody()
    {
        Know("decode-full", _gateway.ActorOf(Props.Create(() => new RefusingActor())));
        var prefill = Add(WorkerRole.Prefill);
        var wasKnown = false;

        prefill.Start(Seed, beforeWork: () =>
        {
            wasKnown = _reports.ContainsKey(prefill.Worker);
            return Task.FromException(new InvalidOperationException("There is no store."));
        });

        await UntilKnownAsync(prefill);
        Assert.False(wasKnown, "The preparation comes first.");
        await prefill.AllPagesBackAsync();
    }

    [Fact]
    public async Task Workers_that_begin_at_once_do_not_wait_for_each_other()
    {
        WorkerNode[] nodes = [Add(WorkerRole.Prefill), Add(WorkerRole.Decode), Add(WorkerRole.Prefill), Add(WorkerRole.Decode)];

        foreach (var node in nodes) node.Start(Seed);

        foreach (var node in nodes) await UntilKnownAsync(node);
        foreach (var node in nodes) await node.AllPagesBackAsync();
    }

    [Fact]
    public async Task A_worker_of_a_cluster_without_a_gateway_waits_for_nobody()
    {
        var alone = Add(WorkerRole.Prefill);

        alone.Start(alone.Address);

        await alone.ReadyAsync();
        await alone.AllPagesBackAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_worker_whose_process_ends_or_has_ended_delays_another_by_no_deadline(bool inTheMiddle)
    {
        var other = WorkerNode.CreateSystem("decode");
        try
        {
            other.ActorOf(Props.Create(() => new MortalActor()), "mortal");
            var path = new RootActorPath(Cluster.Get(other).SelfAddress) / "user" / "mortal";
            Know("decode-mortal", ((ExtendedActorSystem)_gateway).Provider.ResolveActorRef(path.ToSerializationFormat()));
            if (!inTheMiddle) await Deadline.OnAsync(other.Terminate());
            var prefill = Add(WorkerRole.Prefill);

            prefill.Start(Seed);

            await UntilKnownAsync(prefill);
            await prefill.AllPagesBackAsync();
        }
        finally
        {
            await Deadline.OnAsync(other.Terminate());
        }
    }

    private WorkerNode Add(WorkerRole role, string settings = "")
    {
        var node = new WorkerNode(role, settings);
        _nodes.Add(node);
        return node;
    }

    private void Know(string decodeWorker, IActorRef actor)
    {
        var worker = new WorkerId(decodeWorker);
        _reports[worker] = new RouterProtocol.WorkerReport(worker, WorkerRole.Decode, actor, Jobs: 0, PendingTokens: 0, Format) { Protocol = ProtocolVersion.Current };
    }

    private Task UntilKnownAsync(WorkerNode node) => Deadline.UntilAsync(() => _reports.ContainsKey(node.Worker), () => $"the router knows {node.Worker}; it knows {string.Join(", ", _reports.Keys)}");

    /// <summary>In the place of a gateway's router.</summary>
    private sealed class RecordingRouter : ReceiveActor
    {
        public RecordingRouter(RehearsalTests test)
        {
            Receive<RouterProtocol.WorkerReport>(report =>
            {
                if (test._reports.ContainsKey(report.Worker)) return;
                test._computed[report.Worker] = (test._nodes.Single(node => node.Worker == report.Worker).ComputedTokens, test._nodes.Sum(node => node.ComputedTokens));
                test._reports[report.Worker] = report;
            });
            Receive<RouterProtocol.GetWorkers>(_ => Sender.Tell(new RouterProtocol.Workers([.. test._reports.Values], InFlight: 0)));
        }
    }

    private sealed class SilentActor : ReceiveActor
    {
        public SilentActor() => ReceiveAny(_ => { });
    }

    /// <summary>Its process ends as soon as it has work.</summary>
    private sealed class MortalActor : ReceiveActor
    {
        public MortalActor()
        {
            Receive<DecodeProtocol.Reserve>(_ => Context.System.Terminate());
            ReceiveAny(_ => { });
        }
    }

    private sealed class RefusingActor : ReceiveActor
    {
        public RefusingActor()
        {
            Receive<DecodeProtocol.Reserve>(reserve => reserve.ReplyTo.Tell(new GenerationProtocol.Refused(reserve.Attempt, new WorkerId("decode-full"), "It is full.")));
            ReceiveAny(_ => { });
        }
    }
}
