using System.Collections.Concurrent;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;
using ActorInference.Gpu.Workers;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Tests.Testing;
using ActorInference.Roles.Workers;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Workers;

/// <summary>The storage tier is asked for a prompt's pages when its job is queued, also while the device computes.</summary>
public sealed class QueuedPrefetchTests : TestKit
{
    private readonly KvPagePool _pool = ScriptedRunner.Pool(64, 4);
    private readonly ManualResetEventSlim _computes = new();
    private readonly ManualResetEventSlim _mayCompute = new();
    private readonly Prefetch _prefetch = new();
    private readonly TestProbe _generation;
    private readonly IActorRef _worker;

    public QueuedPrefetchTests()
        : base(InferenceSettings.Reference.WithFallback("akka.loglevel = ERROR"))
    {
        _generation = CreateTestProbe();
        var (id, pulse, space) = (new WorkerId("both-0"), new WorkerPulse(), new KvNamespace("", "", KvDtype.F32));
        _worker = Sys.ActorOf(WorkerActor.Props(new WorkerRoleOptions
        {
            Worker = id, Role = WorkerRole.Both, Router = ActorRefs.Nobody, Pulse = pulse, Prefetch = new QueuedPrefetch(_prefetch, space, pulse),
            GpuWorker = GpuWorkerActor.Props(new GpuWorkerOptions { Worker = id, CreateRunner = CreateRunner, Pulse = pulse, Prefetch = _prefetch, Namespace = space }),
        }));
    }

    [Fact]
    public void The_pages_of_a_job_are_asked_for_while_the_device_computes_for_another()
    {
        var first = Generate(promptTokens: 9);
        Assert.True(_computes.Wait(Deadline.Limit));
        var second = Generate(promptTokens: 17);
        AwaitAssert(() => Assert.Contains(17, _prefetch.Asked), Deadline.Limit);
        Assert.Equal([9, 17], _prefetch.Asked);   // The device has not come to it yet.

        _mayCompute.Set();
        foreach (var job in new[] { first, second })
        {
            var token = (GenerationProtocol.TokenChosen)_generation.FishForMessage(
                message => message is GenerationProtocol.TokenChosen chosen && chosen.Attempt == job.Attempt, Deadline.Limit);
            Assert.Equal(ScriptedRunner.Continue([.. job.PromptIds], 1)[0], token.TokenId);
        }

        Assert.Equal([9, 17, 17], _prefetch.Asked);
    }

    protected override void AfterAll()
    {
        _mayCompute.Set();
        base.AfterAll();
        _pool.Dispose();
    }

    private ScriptedRunner CreateRunner() => new(_pool)
    {
        BeforeForward = _ =>
        {
            _computes.Set();
            Assert.True(_mayCompute.Wait(Deadline.Limit));
        },
    };

    private DecodeProtocol.Generate Generate(int promptTokens)
    {
        var job = new DecodeProtocol.Generate(
            new AttemptId(RequestId.New(), 0), ScriptedNode.Prompt(promptTokens), [], new SamplingOptions { MaxNewTokens = 1, Temperature = 0 }, _generation.Ref);
        _worker.Tell(job);
        return job;
    }

    /// <summary>Notes the lengths of the prompts that it is asked for, and has nothing of them.</summary>
    private sealed class Prefetch : IPagePrefetch
    {
        private readonly ConcurrentQueue<int> _asked = new();

        public int[] Asked => [.. _asked];

        public bool IsAttached => true;

        public bool TrySetAttached(bool isAttached) => false;

        public Task? Begin(KvNamespaceId space, ReadOnlyMemory<int> tokens, int cachedTokens, double secondsPerToken)
        {
            _asked.Enqueue(tokens.Length);
            return null;
        }
    }
}
