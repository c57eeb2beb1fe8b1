using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;
using ActorInference.Gpu.Workers;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Tests.Testing;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Workers;

/// <summary>Pages between a GPU worker and its neighbours, page by page.</summary>
public sealed class GpuWorkerActorTests : TestKit
{
    private const int PageSize = 4;

    private readonly KvPagePool _pool = ScriptedRunner.Pool(64, PageSize);
    private readonly TestProbe _parent;
    private readonly TestProbe _generation;
    private readonly TestProbe _target;

    public GpuWorkerActorTests()
        : base(InferenceSettings.Reference.WithFallback("akka.loglevel = ERROR\n" + Deadline.OfTestKit))
    {
        (_parent, _generation, _target) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
    }

    [Fact]
    public void Prefill_sends_full_pages_as_they_fill_and_the_rest_with_the_token()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill, maxStepTokens: 8);
        var job = Prefill(worker, incarnation, promptTokens: 18);

        var messages = Enumerable.Range(0, 3).Select(_ => _target.ExpectMsg<KvTransferProtocol.KvPages>()).ToList();

        Assert.Equal([0, 2, 4], messages.Select(pages => pages.FirstPage));
        Assert.Equal([2, 2, 1], messages.Select(pages => pages.Pages.Length));
        var token = (GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen);
        Assert.Equal((ScriptedRunner.Continue([.. job.PromptIds], 1)[0], 0), (token.TokenId, token.Index));
        Assert.Equal([null, null, token.TokenId], messages.Select(pages => pages.NextToken));
    }

    [Fact]
    public void Pages_under_way_are_held_until_the_receiver_answers()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill);
        Prefill(worker, incarnation, promptTokens: 10);
        var pages = _target.ExpectMsg<KvTransferProtocol.KvPages>();
        AwaitEnded();
        Assert.Equal(3, _pool.UsedPages);

        worker.Tell(new KvTransferProtocol.PagesLanded(pages.Transfer));

        AwaitPages(0);
    }

    [Fact]
    public void Pages_under_way_come_back_when_the_receiver_refuses_or_dies()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill);
        Prefill(worker, incarnation, promptTokens: 10);
        worker.Tell(new KvTransferProtocol.PagesRefused(_target.ExpectMsg<KvTransferProtocol.KvPages>().Transfer));
        AwaitPages(0);

        Prefill(worker, incarnation, promptTokens: 10);
        _target.ExpectMsg<KvTransferProtocol.KvPages>();
        AwaitPages(3);
        Sys.Stop(_target.Ref);

        AwaitPages(0);
    }

    [Fact]
    public void Pages_under_way_come_back_when_the_receiver_is_silent_past_the_deadline()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill, transferDeadline: TimeSpan.FromMilliseconds(300));
        Prefill(worker, incarnation, promptTokens: 10);
        _target.ExpectMsg<KvTransferProtocol.KvPages>();

        AwaitPages(0);
    }

    [Fact]
    public void Pages_under_way_and_in_sequences_come_back_when_the_worker_stops()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill, maxStepTokens: 8);
        Prefill(worker, incarnation, promptTokens: 40);
        _target.ExpectMsg<KvTransferProtocol.KvPages>();
        Sys.Stop(worker);

        AwaitPages(0);
    }

    [Fact]
    public void Decode_takes_pages_in_order_and_continues_them()
    {
        var (prefill, prefillIncarnation) = Start(WorkerRole.Prefill, maxStepTokens: 8);
        var (decode, decodeIncarnation) = Start(WorkerRole.Decode);
        var reserve = Reserve(decode, decodeIncarnation, promptTokens: 18, newTokens: 6);
        _generation.FishForMessage(message => message is GenerationProtocol.Granted granted && granted.PageTarget.Equals(decode));
        prefill.Tell(new WorkerProtocol.Run(
            prefillIncarnation, new PrefillProtocol.Start(reserve.Attempt, reserve.PromptIds, [], reserve.Sampling, decode, _generation.Ref)));

        var tokens = new List<GenerationProtocol.TokenChosen>();
        _generation.FishForMessage(message =>
        {
            if (message is GenerationProtocol.TokenChosen token) tokens.Add(token);
            return message is GenerationProtocol.TokenChosen { Ending: not null };
        });

        Assert.Equal(ScriptedRunner.Continue([.. reserve.PromptIds], 6), tokens.OrderBy(token => token.Index).Select(token => token.TokenId));
        AwaitPages(0);
    }

    [Fact]
    public void Pages_that_became_free_meanwhile_are_refused_and_the_job_is_lost()
    {
        var (decode, incarnation) = Start(WorkerRole.Decode);
        var reserve = Reserve(decode, incarnation, promptTokens: 4, newTokens: 6);
        _generation.FishForMessage(message => message is GenerationProtocol.Granted);
        Span<int> page = [0];
        Assert.True(_pool.TryAllocate(page));
        var stale = new KvPageReference(page[0], _pool.Generation(page[0]));
        _pool.Release(page);

        decode.Tell(new KvTransferProtocol.KvPages(reserve.Attempt, 7, _pool.Id, 0, [stale], 1), _target.Ref);

        Assert.Equal(7, _target.ExpectMsg<KvTransferProtocol.PagesRefused>().Transfer);
        _generation.FishForMessage(message => message is GenerationProtocol.Lost);
        AwaitPages(0);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public void Pages_of_another_pool_or_out_of_order_are_refused(bool otherPool, int firstPage)
    {
        var (decode, incarnation) = Start(WorkerRole.Decode);
        var reserve = Reserve(decode, incarnation, promptTokens: 4, newTokens: 6);
        _generation.FishForMessage(message => message is GenerationProtocol.Granted);
        Span<int> page = [0];
        Assert.True(_pool.TryAllocate(page));
        var reference = new KvPageReference(page[0], _pool.Generation(page[0]));

        decode.Tell(new KvTransferProtocol.KvPages(reserve.Attempt, 7, otherPool ? KvPoolId.New() : _pool.Id, firstPage, [reference], 1), _target.Ref);

        _target.ExpectMsg<KvTransferProtocol.PagesRefused>();
        _generation.FishForMessage(message => message is GenerationProtocol.Lost);
        AwaitPages(1);   // The sender's own.
        _pool.Release(page);
    }

    [Fact]
    public void Without_a_grant_the_first_token_comes_all_the_same_and_the_pages_wait_for_it()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill, maxStepTokens: 8);
        var job = Prefill(worker, incarnation, promptTokens: 18, granted: false);
        var token = (GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen);
        _target.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Assert.Equal(5, _pool.UsedPages);

        worker.Tell(new PrefillProtocol.Deliver(job.Attempt, _target.Ref, CachedPages: 3));

        var pages = _target.ExpectMsg<KvTransferProtocol.KvPages>();
        Assert.Equal((3, 2, token.TokenId), (pages.FirstPage, pages.Pages.Length, pages.NextToken));
        AwaitEnded();
        AwaitPages(2);
        worker.Tell(new KvTransferProtocol.PagesLanded(pages.Transfer));
        AwaitPages(0);
    }

    [Fact]
    public void Only_so_many_pages_are_computed_without_a_grant_and_the_next_waits_for_its_own_or_for_room()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill, aheadPages: 6);
        var first = Prefill(worker, incarnation, promptTokens: 16, granted: false);
        var second = Prefill(worker, incarnation, promptTokens: 16, granted: false);
        var third = Prefill(worker, incarnation, promptTokens: 8, granted: false);
        _generation.FishForMessage(message => message is GenerationProtocol.TokenChosen token && token.Attempt == first.Attempt);
        _generation.FishForMessage(message => message is GenerationProtocol.Progressed { Stage: GenerationProtocol.JobStage.AwaitingGrant } sign && sign.Attempt == second.Attempt);

        worker.Tell(new PrefillProtocol.Deliver(second.Attempt, _target.Ref, CachedPages: 0));
        _generation.FishForMessage(message => message is GenerationProtocol.TokenChosen token && token.Attempt == second.Attempt);
        _generation.FishForMessage(message => message is GenerationProtocol.TokenChosen token && token.Attempt == third.Attempt);
        Assert.Equal(second.Attempt, _target.ExpectMsg<KvTransferProtocol.KvPages>().Attempt);

        foreach (var job in new[] { first, third }) worker.Tell(new WorkerProtocol.Cancel(job.Attempt));
        AwaitPages(4);   // On their way.
        Sys.Stop(_target.Ref);
        AwaitPages(0);
    }

    [Fact]
    public void Pages_on_their_way_to_a_process_that_is_lost_come_back()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill);
        Prefill(worker, incarnation, promptTokens: 10);
        _target.ExpectMsg<KvTransferProtocol.KvPages>();
        AwaitEnded();

        worker.Tell(new WorkerProtocol.PeerLost(_target.Ref.Path.Address));

        AwaitPages(0);
    }

    [Fact]
    public void A_grant_says_what_is_cached_and_only_the_rest_is_sent()
    {
        var (prefill, prefillIncarnation) = Start(WorkerRole.Prefill, caches: true);
        var (decode, decodeIncarnation) = Start(WorkerRole.Decode, caches: true);
        var cached = new List<int>();
        for (var turn = 0; turn < 2; turn++)
        {
            var reserve = Reserve(decode, decodeIncarnation, promptTokens: 18, newTokens: 6);
            var granted = (GenerationProtocol.Granted)_generation.FishForMessage(message => message is GenerationProtocol.Granted);
            cached.Add(granted.CachedPages);
            var start = new PrefillProtocol.Start(reserve.Attempt, reserve.PromptIds, [], reserve.Sampling, decode, _generation.Ref) { CachedPages = granted.CachedPages };
            prefill.Tell(new WorkerProtocol.Run(prefillIncarnation, start));
            _generation.FishForMessage(message => message is GenerationProtocol.TokenChosen { Ending: not null });
        }

        Assert.Equal([0, 4], cached);
        Sys.Stop(prefill);
        Sys.Stop(decode);
        AwaitPages(0);
    }

    [Fact]
    public void A_job_for_both_roles_sends_no_page()
    {
        var (worker, incarnation) = Start(WorkerRole.Both);
        var job = new DecodeProtocol.Generate(new AttemptId(RequestId.New(), 0), ScriptedNode.Prompt(18), [], Greedy(6), _generation.Ref);
        worker.Tell(new WorkerProtocol.Run(incarnation, job));

        var tokens = new List<GenerationProtocol.TokenChosen>();
        while (tokens.Count < 6) tokens.Add((GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen));

        Assert.Equal(ScriptedRunner.Continue([.. job.PromptIds], 6), tokens.Select(token => token.TokenId));
        Assert.Equal(0, tokens[0].CachedTokens);
        AwaitPages(0);
    }

    [Fact]
    public void A_job_for_an_earlier_start_is_not_run()
    {
        var (worker, _) = Start(WorkerRole.Prefill);
        Prefill(worker, Guid.NewGuid(), promptTokens: 10);

        _target.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        Assert.Equal(0, _pool.UsedPages);
    }

    [Fact]
    public void Workers_with_caches_say_the_same_a_second_time_and_give_the_pages_back_when_they_stop()
    {
        var (prefill, prefillIncarnation) = Start(WorkerRole.Prefill, maxStepTokens: 8, caches: true);
        var (decode, decodeIncarnation) = Start(WorkerRole.Decode, caches: true);
        var expected = ScriptedRunner.Continue([.. ScriptedNode.Prompt(18)], 6);

        foreach (var cachedTokens in new[] { 0, 16 })
        {
            var reserve = Reserve(decode, decodeIncarnation, promptTokens: 18, newTokens: 6);
            _generation.FishForMessage(message => message is GenerationProtocol.Granted);
            prefill.Tell(new WorkerProtocol.Run(
                prefillIncarnation, new PrefillProtocol.Start(reserve.Attempt, reserve.PromptIds, [], reserve.Sampling, decode, _generation.Ref)));
            var tokens = new List<GenerationProtocol.TokenChosen>();
            while (tokens.Count < 6)
                tokens.Add((GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen));

            Assert.Equal(expected, tokens.OrderBy(token => token.Index).Select(token => token.TokenId));
            Assert.Equal(cachedTokens, tokens.Single(token => token.Index == 0).CachedTokens);
        }

        Sys.Stop(prefill);
        Sys.Stop(decode);
        AwaitPages(0);
    }

    [Fact]
    public void A_token_that_ends_the_output_is_told_with_the_end()
    {
        var (worker, incarnation) = Start(WorkerRole.Prefill);
        Prefill(worker, incarnation, promptTokens: 10, newTokens: 1);

        var token = (GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen);

        Assert.Equal(new GenerationProtocol.Ending(FinishReason.Length, null), token.Ending);
        AwaitPages(0);
    }

    protected override void AfterAll()
    {
        // The workers compute in the pool until they have ended.
        Assert.True(Sys.Terminate().Wait(Deadline.Limit), "The actors have not ended.");
        base.AfterAll();
        _pool.Dispose();
    }

    private (IActorRef Worker, Guid Incarnation) Start(WorkerRole role, int maxStepTokens = 512, TimeSpan? transferDeadline = null, bool caches = false, int aheadPages = 16)
    {
        var worker = _parent.ChildActorOf(GpuWorkerActor.Props(new GpuWorkerOptions
        {
            Worker = new WorkerId($"{role}-0"),
            CreateRunner = () => new ScriptedRunner(_pool),
            CreateCache = caches ? Tree : null,
            AheadPages = _ => aheadPages,
            Engine = new EngineOptions { MaxStepTokens = maxStepTokens, StepTarget = TimeSpan.Zero },
            TransferDeadline = transferDeadline ?? Deadline.Limit,
        }));
        var ready = (WorkerProtocol.Ready)_parent.FishForMessage(message => message is WorkerProtocol.Ready);
        return (worker, ready.Incarnation);
    }

    private static RadixTree Tree(IModelRunner runner) =>
        new(new RadixTreeOptions { PageSizeTokens = PageSize, CapacityPages = runner.Pages.CapacityPages / 2 }, runner.Pages, EvictionPolicies.Create("lru"));

    private PrefillProtocol.Start Prefill(IActorRef worker, Guid incarnation, int promptTokens, int newTokens = 10, bool granted = true)
    {
        var job = new PrefillProtocol.Start(
            new AttemptId(RequestId.New(), 0), ScriptedNode.Prompt(promptTokens), [], Greedy(newTokens), granted ? _target.Ref : null, _generation.Ref);
        worker.Tell(new WorkerProtocol.Run(incarnation, job));
        return job;
    }

    private DecodeProtocol.Reserve Reserve(IActorRef worker, Guid incarnation, int promptTokens, int newTokens)
    {
        var job = new DecodeProtocol.Reserve(
            new AttemptId(RequestId.New(), 0), ScriptedNode.Prompt(promptTokens), ImmutableArray<int>.Empty, Greedy(newTokens), _generation.Ref);
        worker.Tell(new WorkerProtocol.Run(incarnation, job));
        return job;
    }

    private void AwaitEnded() => _parent.FishForMessage(message => message is WorkerProtocol.Ended);

    private void AwaitPages(int used) => AwaitAssert(() => Assert.Equal(used, _pool.UsedPages), Deadline.Limit);

    private static SamplingOptions Greedy(int newTokens) => new() { MaxNewTokens = newTokens, Temperature = 0 };
}
