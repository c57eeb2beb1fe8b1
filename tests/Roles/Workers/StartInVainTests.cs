using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
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

/// <summary>What a worker says was cached is what was used, also where a first start was in vain.</summary>
public sealed class StartInVainTests : TestKit
{
    private const int PageSize = 4;

    private readonly KvPagePool _pool = ScriptedRunner.Pool(64, PageSize);
    private readonly HostPool _host = new(
        new HostMemory(ScriptedRunner.Layout(PageSize), 32), EvictionPolicies.Create("lru"), TierWritePolicy.WriteThrough, TimeProvider.System);
    private readonly TestProbe _parent;
    private readonly TestProbe _generation;

    public StartInVainTests()
        : base(InferenceSettings.Reference.WithFallback("akka.loglevel = ERROR"))
    {
        (_parent, _generation) = (CreateTestProbe(), CreateTestProbe());
    }

    [Fact]
    public void Pages_that_turn_out_rotten_while_a_step_computes_with_them_do_not_count_as_cached()
    {
        var worker = Start(new EngineOptions { StepTarget = TimeSpan.Zero, OverlapLoadBytes = 1 });
        Assert.Equal((0, new TierTokens(0, 0)), Ask(worker));

        // The host's pages are taken in order: this is the third of the four that the prompt fills.
        _host.Memory.Bytes(2).Span[3] ^= 0x20;

        Assert.Equal((8, new TierTokens(Host: 8, Storage: 0)), Ask(worker));
        Assert.Equal(1, _host.Counts.Rotten);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _host.Dispose();
        _pool.Dispose();
    }

    private (IActorRef Worker, Guid Incarnation) Start(EngineOptions engine)
    {
        var worker = _parent.ChildActorOf(GpuWorkerActor.Props(new GpuWorkerOptions
        {
            Worker = new WorkerId("both-0"), CreateRunner = () => new ScriptedRunner(_pool), Tier = _host, Engine = engine,
        }));
        var ready = (WorkerProtocol.Ready)_parent.FishForMessage(message => message is WorkerProtocol.Ready);
        return (worker, ready.Incarnation);
    }

    /// <summary>What the first token of a generation says was cached; all its tokens are compared with the model's.</summary>
    private (int CachedTokens, TierTokens Tiers) Ask((IActorRef Worker, Guid Incarnation) worker)
    {
        var job = new DecodeProtocol.Generate(
            new AttemptId(RequestId.New(), 0), ScriptedNode.Prompt(18), [], new SamplingOptions { MaxNewTokens = 4, Temperature = 0 }, _generation.Ref);
        worker.Worker.Tell(new WorkerProtocol.Run(worker.Incarnation, job));
        var tokens = new List<GenerationProtocol.TokenChosen>();
        while (tokens.Count < 4) tokens.Add((GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen));
        Assert.Equal(ScriptedRunner.Continue([.. job.PromptIds], 4), tokens.Select(token => token.TokenId));
        return (tokens[0].CachedTokens ?? -1, tokens[0].Tiers);
    }
}
