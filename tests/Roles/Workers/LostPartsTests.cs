using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Ranks;
using ActorInference.Gpu.Tests.Engine;
using ActorInference.Gpu.Workers;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Tests.Testing;
using ActorInference.Roles.Workers;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Workers;

/// <summary>A worker whose runner has parts elsewhere, and loses one.</summary>
public sealed class LostPartsTests : TestKit
{
    private readonly KvPagePool _pool = ScriptedRunner.Pool(64, 4);
    private readonly List<PartedRunner> _runners = [];
    private readonly ManualResetEventSlim _mayBegin = new(initialState: true);
    private readonly TestProbe _generation;
    private readonly IActorRef _worker;

    public LostPartsTests()
        : base(InferenceSettings.Reference.WithFallback("akka.loglevel = OFF\n" + Deadline.OfTestKit))
    {
        _generation = CreateTestProbe();
        var id = new WorkerId("both-0");
        var pulse = new WorkerPulse();
        _worker = Sys.ActorOf(WorkerActor.Props(new WorkerRoleOptions
        {
            Worker = id,
            Role = WorkerRole.Both,
            GpuWorker = GpuWorkerActor.Props(new GpuWorkerOptions { Worker = id, CreateRunner = CreateRunner, Pulse = pulse }),
            Router = ActorRefs.Nobody,
            ReportInterval = TimeSpan.FromMilliseconds(20),
            Pulse = pulse,
        }));
        AwaitStatus(status => status.IsReady);
    }

    [Fact]
    public void A_part_that_is_lost_between_steps_makes_the_worker_begin_again()
    {
        _runners[0].Lose();

        AwaitStatus(status => status is { IsReady: true, Restarts: 1 });
        Assert.Equal([true, false], _runners.Select(runner => runner.IsDisposed));
        var job = Generate(tokens: 3);
        Assert.Equal(ScriptedRunner.Continue([.. job.PromptIds], 1)[0], NextToken().TokenId);
    }

    [Fact]
    public void While_the_worker_begins_again_what_it_had_is_lost_at_once_and_what_it_is_given_waits()
    {
        _mayBegin.Reset();
        _runners[0].FailAtStep(3);
        var begun = Generate(tokens: 20);

        var lost = (GenerationProtocol.Lost)_generation.FishForMessage(message => message is GenerationProtocol.Lost, Deadline.Limit);
        var next = Generate(tokens: 3);
        _generation.FishForMessage(
            message => message is GenerationProtocol.Progressed progressed && progressed.Attempt == next.Attempt && progressed.Stage == GenerationProtocol.JobStage.Waiting, Deadline.Limit);
        _mayBegin.Set();

        Assert.Equal(begun.Attempt, lost.Attempt);
        Assert.Equal(next.Attempt, NextToken().Attempt);
    }

    protected override void AfterAll()
    {
        _mayBegin.Set();
        // The worker computes in the pool until it has ended.
        Assert.True(Sys.Terminate().Wait(Deadline.Limit), "The actors have not ended.");
        base.AfterAll();
        _pool.Dispose();
    }

    private PartedRunner CreateRunner()
    {
        Assert.True(_mayBegin.Wait(Deadline.Limit));
        _runners.Add(new PartedRunner(_pool));
        return _runners[^1];
    }

    private DecodeProtocol.Generate Generate(int tokens)
    {
        var job = new DecodeProtocol.Generate(
            new AttemptId(RequestId.New(), 0), ScriptedNode.Prompt(9), [], new SamplingOptions { MaxNewTokens = tokens, Temperature = 0 }, _generation.Ref);
        _worker.Tell(job);
        return job;
    }

    private GenerationProtocol.TokenChosen NextToken() =>
        (GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen, Deadline.Limit);

    private void AwaitStatus(Func<WorkerProtocol.Status, bool> condition) => AwaitAssert(
        () => Assert.True(condition(_worker.Ask<WorkerProtocol.Status>(WorkerProtocol.GetStatus.Instance, Deadline.Limit).GetAwaiter().GetResult())), Deadline.Limit);

    private sealed class PartedRunner(KvPagePool pool) : IRunnerWithParts
    {
        private readonly ScriptedRunner _own = new(pool);
        private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int VocabSize => _own.VocabSize;

        public int MaxContextTokens => _own.MaxContextTokens;

        public int MaxBatchTokens => _own.MaxBatchTokens;

        public KvPagePool Pages => _own.Pages;

        public Task<Exception> Lost => _lost.Task;

        public bool IsDisposed => _own.IsDisposed;

        /// <summary>It is lost within a step, counted from 1.</summary>
        public void FailAtStep(int step)
        {
            var steps = 0;
            _own.BeforeForward = _ =>
            {
                if (++steps == step) throw new RankFailedException(1, "Rank 1 has not answered.");
            };
        }

        public void Lose() => _lost.SetResult(new RankFailedException(1, "Rank 1 has ended."));

        public void Forward(ForwardBatch batch) => _own.Forward(batch);

        public Span<float> Logits(int index, int nth = 0) => _own.Logits(index, nth);

        public void Dispose() => _own.Dispose();
    }
}
