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

/// <summary>One worker with pages of four tokens, a parent that it reports to, and somebody who is told of its tokens.</summary>
public abstract class WorkerTestKit : TestKit
{
    protected const int PageSize = 4;

    private readonly TestProbe _generation;

    protected WorkerTestKit()
        : base(InferenceSettings.Reference.WithFallback("akka.loglevel = ERROR"))
    {
        (Parent, _generation) = (CreateTestProbe(), CreateTestProbe());
    }

    protected TestProbe Parent { get; }

    internal KvPagePool Pool { get; } = ScriptedRunner.Pool(64, PageSize);

    /// <summary>Starts a worker, and waits until it is ready.</summary>
    internal (IActorRef Worker, Guid Incarnation) Start(Func<ScriptedRunner> runner, Func<GpuWorkerOptions, GpuWorkerOptions>? options = null)
    {
        var plain = new GpuWorkerOptions { Worker = new WorkerId("both-0"), CreateRunner = runner, Engine = new EngineOptions { StepTarget = TimeSpan.Zero } };
        var worker = Parent.ChildActorOf(GpuWorkerActor.Props(options is null ? plain : options(plain)));
        var ready = (WorkerProtocol.Ready)Parent.FishForMessage(message => message is WorkerProtocol.Ready, Deadline.Limit);
        return (worker, ready.Incarnation);
    }

    /// <summary>Has a worker continue a prompt by four tokens, and compares all of them with the model's.</summary>
    internal List<GenerationProtocol.TokenChosen> Continue((IActorRef Worker, Guid Incarnation) worker, int promptTokens)
    {
        const int Tokens = 4;
        var job = new DecodeProtocol.Generate(
            new AttemptId(RequestId.New(), 0), ScriptedNode.Prompt(promptTokens), [], new SamplingOptions { MaxNewTokens = Tokens, Temperature = 0 }, _generation.Ref);
        worker.Worker.Tell(new WorkerProtocol.Run(worker.Incarnation, job));
        var tokens = new List<GenerationProtocol.TokenChosen>();
        while (tokens.Count < Tokens) tokens.Add((GenerationProtocol.TokenChosen)_generation.FishForMessage(message => message is GenerationProtocol.TokenChosen, Deadline.Limit));
        Assert.Equal(ScriptedRunner.Continue([.. job.PromptIds], Tokens), tokens.Select(token => token.TokenId));
        return tokens;
    }

    protected override void AfterAll()
    {
        // The workers compute in the pool until they have ended.
        Assert.True(Sys.Terminate().Wait(Deadline.Limit), "The actors have not ended.");
        base.AfterAll();
        Pool.Dispose();
    }
}
