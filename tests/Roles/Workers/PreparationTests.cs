using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
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

/// <summary>What makes a runner faster is done when nobody waits for it.</summary>
public sealed class PreparationTests : TestKit
{
    private readonly KvPagePool _pool = ScriptedRunner.Pool(64, pageSizeTokens: 4);
    private readonly TestProbe _parent;
    private readonly TestProbe _generation;

    public PreparationTests()
        : base(InferenceSettings.Reference.WithFallback("akka.loglevel = ERROR"))
    {
        (_parent, _generation) = (CreateTestProbe(), CreateTestProbe());
    }

    [Fact]
    public void A_worker_without_work_prepares_all_of_its_runner()
    {
        var left = 100;

        Start(() => Interlocked.Decrement(ref left) > 0, isFirst: false);

        AwaitCondition(() => Volatile.Read(ref left) == 0, Deadline.Limit);
    }

    [Fact]
    public void A_worker_that_is_prepared_first_is_ready_after_all_of_it()
    {
        var (left, readyBefore) = (100, 0);
        Start(
            () =>
            {
                // Asked once more in its first idle moment, which is after that.
                var now = Interlocked.Decrement(ref left);
                if (now >= 0 && _parent.HasMessages) Interlocked.Increment(ref readyBefore);
                return now > 0;
            },
            isFirst: true);

        Assert.True(Volatile.Read(ref left) <= 0);
        Assert.Equal(0, Volatile.Read(ref readyBefore));
    }

    [Fact]
    public void A_job_waits_for_a_part_of_what_is_to_be_prepared_only()
    {
        var worker = Start(() => true, isFirst: false);
        var job = new DecodeProtocol.Generate(
            new AttemptId(RequestId.New(), 0), ScriptedNode.Prompt(10), [], new SamplingOptions { MaxNewTokens = 4, Temperature = 0 }, _generation.Ref);

        worker.Worker.Tell(new WorkerProtocol.Run(worker.Incarnation, job));

        var tokens = new List<int>();
        while (tokens.Count < 4) tokens.Add(((GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen, Deadline.Limit)).TokenId);
        Assert.Equal(ScriptedRunner.Continue([.. job.PromptIds], 4), tokens);
    }

    protected override void AfterAll()
    {
        // The workers compute in the pool until they have ended.
        Assert.True(Sys.Terminate().Wait(Deadline.Limit), "The actors have not ended.");
        base.AfterAll();
        _pool.Dispose();
    }

    private (IActorRef Worker, Guid Incarnation) Start(Func<bool> prepare, bool isFirst)
    {
        var worker = _parent.ChildActorOf(GpuWorkerActor.Props(new GpuWorkerOptions
        {
            Worker = new WorkerId("both-0"),
            CreateRunner = () => new ScriptedRunner(_pool) { Prepare = prepare },
            IsPreparedFirst = isFirst,
            Engine = new EngineOptions { StepTarget = TimeSpan.Zero },
        }));
        var ready = (WorkerProtocol.Ready)_parent.FishForMessage(message => message is WorkerProtocol.Ready, Deadline.Limit);
        return (worker, ready.Incarnation);
    }
}
