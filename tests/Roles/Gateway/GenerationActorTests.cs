using System.Threading.Channels;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Gateway;
using ActorInference.Roles.Tests.Testing;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Gateway;

/// <summary>One generation between a scripted router and scripted workers.</summary>
public sealed class GenerationActorTests : TestKit
{
    private static readonly GenerationProtocol.Ending Stopped = new(FinishReason.Stop, 2);

    /// <summary>Nobody counts as late because the machine is busy.</summary>
    private static readonly GenerationOptions Calm = new()
    {
        AssignDeadline = Deadline.Limit, ReserveDeadline = Deadline.Limit, FirstPageDeadline = Deadline.Limit, StallDeadline = Deadline.Limit, QueueDeadline = Deadline.Limit,
    };

    private readonly Channel<GenerationUpdate> _updates = Channel.CreateUnbounded<GenerationUpdate>();
    private readonly TestProbe _router;
    private readonly TestProbe _prefill;
    private readonly TestProbe _decode;
    private readonly TestProbe _gpu;
    private readonly GenerationRequest _request = ScriptedNode.Request(ScriptedNode.Prompt(5), 10);

    public GenerationActorTests()
        : base("akka.loglevel = WARNING\n" + Deadline.OfTestKit)
    {
        (_router, _prefill, _decode, _gpu) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
    }

    [Fact]
    public void It_reserves_before_it_prefills_and_names_the_gpu_worker_that_granted()
    {
        var generation = Start();
        var attempt = Assign(generation);
        var reserve = _decode.ExpectMsg<DecodeProtocol.Reserve>();
        _prefill.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        generation.Tell(new GenerationProtocol.Granted(attempt, _gpu.Ref));
        var start = _prefill.ExpectMsg<PrefillProtocol.Start>();

        Assert.Equal(generation, reserve.ReplyTo);
        Assert.Equal(_gpu.Ref, start.PageTarget);
        Assert.Equal(_request.PromptIds.ToArray(), start.PromptIds.ToArray());
    }

    [Fact]
    public void It_ends_with_the_last_token_and_releases_what_it_had()
    {
        var generation = Watch(Start());
        var attempt = BeginPrefill(generation);
        generation.Tell(Token(attempt, 0) with { CachedTokens = 4 });
        generation.Tell(Token(attempt, 1) with { Ending = Stopped });

        ExpectTerminated(generation);
        Assert.Equal(
            [new TokenGenerated(0, 0, null, 4), new TokenGenerated(1, 1, null, 4), new GenerationFinished(FinishReason.Stop, 2, 0)], Updates());
        Assert.Equal(attempt, _prefill.ExpectMsg<WorkerProtocol.Cancel>().Attempt);
        Assert.Equal(attempt, _decode.ExpectMsg<WorkerProtocol.Cancel>().Attempt);
        Assert.Equal(attempt, _router.ExpectMsg<RouterProtocol.Release>().Attempt);
    }

    [Fact]
    public void A_lost_job_is_tried_again_with_the_tokens_that_the_client_has()
    {
        var generation = Start();
        var first = BeginPrefill(generation);
        generation.Tell(Token(first, 0));
        generation.Tell(Token(first, 1));
        generation.Tell(new GenerationProtocol.Lost(first, new WorkerId("decode-0"), "It failed."));

        var again = _router.ExpectMsg<RouterProtocol.Assign>();
        Assert.Equal((1, 7), (again.Attempt.Number, again.Tokens));
        Assert.Contains(new WorkerId("decode-0"), again.Avoid);
        Answer(generation, again);
        Assert.Equal(first, _decode.ExpectMsg<WorkerProtocol.Cancel>().Attempt);
        Assert.Equal([0, 1], _decode.ExpectMsg<DecodeProtocol.Reserve>().OutputIds.ToArray());
    }

    [Fact]
    public void What_an_earlier_attempt_still_says_is_ignored()
    {
        var generation = Start();
        var first = BeginPrefill(generation);
        generation.Tell(new GenerationProtocol.Lost(first, new WorkerId("decode-0"), "It failed."));
        var second = BeginPrefill(generation);
        generation.Tell(Token(first, 0, token: 50));
        generation.Tell(new GenerationProtocol.Failed(first, "Late."));
        generation.Tell(Token(second, 0, token: 60) with { Ending = Stopped });

        AwaitAssert(() => Assert.True(_updates.Reader.Completion.IsCompleted || _updates.Reader.Count == 2));
        Assert.Equal([new TokenGenerated(0, 60, null, 0), new GenerationFinished(FinishReason.Stop, 2, 1)], Updates());
    }

    [Fact]
    public void A_worker_that_died_is_replaced_but_prefill_only_until_decode_has_begun()
    {
        var generation = Start();
        var first = BeginPrefill(generation);
        generation.Tell(Token(first, 0));
        generation.Tell(Token(first, 1));
        Sys.Stop(_prefill.Ref);
        _router.ExpectNoMsg(TimeSpan.FromMilliseconds(100));

        Sys.Stop(_decode.Ref);

        Assert.Equal(1, _router.ExpectMsg<RouterProtocol.Assign>().Attempt.Number);
    }

    [Fact]
    public void A_refusal_excludes_the_worker_and_costs_no_try()
    {
        var generation = Start(Calm with { MaxRedispatches = 0 });
        var first = Assign(generation);
        generation.Tell(new GenerationProtocol.Refused(first, new WorkerId("decode-0"), "Full."));

        var again = _router.ExpectMsg<RouterProtocol.Assign>();
        Assert.Contains(new WorkerId("decode-0"), again.Exclude);
        generation.Tell(new RouterProtocol.Overloaded(again.Attempt, "All are full."));
        AwaitAssert(() => Assert.Equal([new GenerationFailed(GenerationError.Overloaded, "All are full.")], Updates()));
    }

    [Theory]
    [InlineData("assign", GenerationError.Unavailable)]
    [InlineData("reserve", GenerationError.TimedOut)]
    [InlineData("prefill", GenerationError.TimedOut)]
    [InlineData("token", GenerationError.TimedOut)]
    [InlineData("queue", GenerationError.TimedOut)]
    public void A_phase_past_its_deadline_ends_the_last_try(string phase, GenerationError error)
    {
        var soon = TimeSpan.FromMilliseconds(100);
        var generation = Watch(Start(Calm with
        {
            MaxRedispatches = 0,
            AssignDeadline = phase == "assign" ? soon : Deadline.Limit,
            ReserveDeadline = phase == "reserve" ? soon : Deadline.Limit,
            FirstPageDeadline = phase == "prefill" ? soon : Deadline.Limit,
            StallDeadline = phase == "token" ? soon : Deadline.Limit,
            QueueDeadline = phase == "queue" ? TimeSpan.FromMilliseconds(600) : Deadline.Limit,
        }));
        if (phase == "reserve") Assign(generation);
        var attempt = phase is "prefill" or "token" or "queue" ? BeginPrefill(generation) : default;
        if (phase == "token") generation.Tell(Token(attempt, 0));
        if (phase == "prefill") generation.Tell(Sign(attempt, GenerationProtocol.JobStage.Computing, "prefill-0"));
        if (phase == "queue") Sys.Scheduler.ScheduleTellRepeatedly(TimeSpan.Zero, soon, generation, Sign(attempt, GenerationProtocol.JobStage.Waiting, "prefill-0"), ActorRefs.NoSender);

        ExpectTerminated(generation);
        Assert.Equal(error, Assert.IsType<GenerationFailed>(Updates()[^1]).Error);
    }

    [Fact]
    public void A_cancelled_generation_cancels_both_workers()
    {
        var generation = Watch(Start());
        var attempt = BeginPrefill(generation);
        generation.Tell(new GatewayProtocol.Cancel(_request.Id));

        ExpectTerminated(generation);
        Assert.Equal(attempt, _prefill.ExpectMsg<WorkerProtocol.Cancel>().Attempt);
        Assert.Equal(attempt, _decode.ExpectMsg<WorkerProtocol.Cancel>().Attempt);
        Assert.Equal(attempt, _router.ExpectMsg<RouterProtocol.Release>().Attempt);
    }

    [Fact]
    public void A_generation_that_is_stopped_says_so_to_its_client()
    {
        var generation = Watch(Start());
        BeginPrefill(generation);
        Sys.Stop(generation);

        ExpectTerminated(generation);
        Assert.Equal(GenerationError.Internal, Assert.IsType<GenerationFailed>(Updates()[^1]).Error);
        Assert.True(_updates.Reader.Completion.IsCompleted);
    }

    [Fact]
    public void Prefill_begins_without_a_grant_and_hears_of_it_when_there_is_one()
    {
        var generation = Start();
        var attempt = AssignLate(generation);
        Assert.Null(_prefill.ExpectMsg<PrefillProtocol.Start>().PageTarget);
        _decode.ExpectNoMsg(TimeSpan.FromMilliseconds(50));   // Room is not kept for a prompt that waits in a queue.

        generation.Tell(Sign(attempt, GenerationProtocol.JobStage.Computing, "prefill-0"));
        _decode.ExpectMsg<DecodeProtocol.Reserve>();
        generation.Tell(new GenerationProtocol.Granted(attempt, _gpu.Ref) { CachedPages = 3 });

        Assert.Equal(new PrefillProtocol.Deliver(attempt, _gpu.Ref, 3), _prefill.ExpectMsg<PrefillProtocol.Deliver>());
    }

    [Fact]
    public void The_first_token_waits_for_no_grant()
    {
        var generation = Start();
        var attempt = AssignLate(generation);
        generation.Tell(Sign(attempt, GenerationProtocol.JobStage.Computing, "prefill-0"));
        generation.Tell(Token(attempt, 0));

        AwaitAssert(() => Assert.Equal([new TokenGenerated(0, 0, null, 0)], Updates()));
    }

    [Fact]
    public void A_prefill_that_awaits_a_grant_gets_one_reserved_once()
    {
        var generation = Start();
        var attempt = AssignLate(generation);
        for (var i = 0; i < 3; i++) generation.Tell(Sign(attempt, GenerationProtocol.JobStage.AwaitingGrant, "prefill-0"));

        _decode.ExpectMsg<DecodeProtocol.Reserve>();
        _decode.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void One_worker_of_both_roles_is_asked_for_all()
    {
        var generation = Watch(Start());
        var request = _router.ExpectMsg<RouterProtocol.Assign>();
        var worker = new RouterProtocol.AssignedWorker(new WorkerId("both-0"), _decode.Ref) { Protocol = ProtocolVersion.Current };
        generation.Tell(new RouterProtocol.Assigned(request.Attempt, worker, worker));

        Assert.Equal(_request.PromptIds.ToArray(), _decode.ExpectMsg<DecodeProtocol.Generate>().PromptIds.ToArray());
        generation.Tell(Token(request.Attempt, 0));
        generation.Tell(Token(request.Attempt, 1) with { Ending = Stopped });
        ExpectTerminated(generation);
        Assert.Equal(request.Attempt, _decode.ExpectMsg<WorkerProtocol.Cancel>().Attempt);
    }

    [Fact]
    public void Signs_of_life_keep_a_slow_worker_its_job()
    {
        var generation = Start(Calm with { MaxRedispatches = 0, ReserveDeadline = TimeSpan.FromMilliseconds(600), FirstPageDeadline = TimeSpan.FromMilliseconds(600) });
        var attempt = AssignLate(generation);
        Sys.Scheduler.ScheduleTellRepeatedly(
            TimeSpan.Zero, TimeSpan.FromMilliseconds(50), generation, Sign(attempt, GenerationProtocol.JobStage.Busy, "prefill-0"), ActorRefs.NoSender);
        generation.Tell(Sign(attempt, GenerationProtocol.JobStage.Computing, "prefill-0"));
        _prefill.ExpectMsg<PrefillProtocol.Start>();
        _decode.ExpectMsg<DecodeProtocol.Reserve>();
        generation.Tell(new GenerationProtocol.Granted(attempt, _gpu.Ref));
        _prefill.ExpectMsg<PrefillProtocol.Deliver>();

        _prefill.ExpectNoMsg(TimeSpan.FromSeconds(2));
        Assert.Empty(Updates());
    }

    [Fact]
    public void A_prefill_worker_that_is_lost_after_decode_has_begun_costs_nothing()
    {
        var generation = Start();
        var attempt = BeginPrefill(generation);
        generation.Tell(Token(attempt, 0));
        generation.Tell(Token(attempt, 1));
        generation.Tell(new GenerationProtocol.Lost(attempt, new WorkerId("prefill-0"), "It cannot be reached."));

        _router.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    private IActorRef Start(GenerationOptions? options = null) =>
        Sys.ActorOf(GenerationActor.Props(_request, _updates.Writer, _router.Ref, options ?? Calm));

    private AttemptId Assign(IActorRef generation)
    {
        var request = _router.ExpectMsg<RouterProtocol.Assign>();
        Answer(generation, request);
        return request.Attempt;
    }

    private void Answer(IActorRef generation, RouterProtocol.Assign request) => generation.Tell(new RouterProtocol.Assigned(
        request.Attempt,
        new RouterProtocol.AssignedWorker(new WorkerId("prefill-0"), _prefill.Ref),
        new RouterProtocol.AssignedWorker(new WorkerId("decode-0"), _decode.Ref)));

    /// <summary>Assigns workers of the present protocol.</summary>
    private AttemptId AssignLate(IActorRef generation)
    {
        var request = _router.ExpectMsg<RouterProtocol.Assign>();
        generation.Tell(new RouterProtocol.Assigned(
            request.Attempt,
            new RouterProtocol.AssignedWorker(new WorkerId("prefill-0"), _prefill.Ref) { Protocol = ProtocolVersion.Current },
            new RouterProtocol.AssignedWorker(new WorkerId("decode-0"), _decode.Ref) { Protocol = ProtocolVersion.Current }));
        return request.Attempt;
    }

    private static GenerationProtocol.Progressed Sign(AttemptId attempt, GenerationProtocol.JobStage stage, string worker) =>
        new(attempt) { Stage = stage, Worker = new WorkerId(worker) };

    private AttemptId BeginPrefill(IActorRef generation)
    {
        var attempt = Assign(generation);
        _decode.FishForMessage(message => message is DecodeProtocol.Reserve reserve && reserve.Attempt == attempt);
        generation.Tell(new GenerationProtocol.Granted(attempt, _gpu.Ref));
        _prefill.FishForMessage(message => message is PrefillProtocol.Start start && start.Attempt == attempt);
        return attempt;
    }

    private List<GenerationUpdate> Updates()
    {
        var updates = new List<GenerationUpdate>();
        while (_updates.Reader.TryRead(out var update)) updates.Add(update);
        return updates;
    }

    private static GenerationProtocol.TokenChosen Token(AttemptId attempt, int index, int? token = null) =>
        new(attempt, index, token ?? index, null, null, null);
}
