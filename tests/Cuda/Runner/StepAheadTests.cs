using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cuda.Tests.Runner;

/// <summary>An engine whose device chooses tokens, and is a step ahead, says what one that waits for logits says.</summary>
public sealed class StepAheadTests
{
    private const int Sequences = 5;
    private const int MaxSteps = 200;

    private static readonly SamplingOptions[] Options =
    [
        new() { Temperature = 0, MaxNewTokens = 9 },
        new() { Temperature = 0.8f, Seed = 7, MaxNewTokens = 14 },
        new() { Temperature = 1.1f, TopK = 20, Seed = 8, MaxNewTokens = 3 },
        new() { Temperature = 0.9f, TopP = 0.8f, MinP = 0.02f, Seed = 9, MaxNewTokens = 12 },
        new() { Temperature = 0, MinNewTokens = 2, MaxNewTokens = 7 },
    ];

    [SkippableTheory]
    [InlineData(8)]
    [InlineData(2)]
    public void The_tokens_are_those_of_an_engine_that_waits(int maxSequences)
    {
        var waiting = Run(Options, isAhead: false, maxSequences, out _);
        // One ends by a token of its own, which nobody knows of before.
        var stopped = Options.ToArray();
        stopped[1] = stopped[1] with { StopTokenIds = [waiting[1][6]] };

        var ahead = Run(stopped, isAhead: true, maxSequences, out var steps);

        Assert.Equal(Run(stopped, isAhead: false, maxSequences, out _), ahead);
        Assert.True(ahead[1].Count <= 7, "It ended by its stop token.");
        Assert.True(steps > 0, "Steps were launched ahead.");
    }

    [SkippableFact]
    public void What_only_the_host_can_choose_it_chooses()
    {
        SamplingOptions[] mixed =
        [
            Options[1],
            new() { Temperature = 0.7f, RepetitionPenalty = 1.3f, Seed = 3, MaxNewTokens = 6 },
            new() { Temperature = 0, TopLogprobs = 2, MaxNewTokens = 5 },
            new() { Temperature = 0, LogitBias = ImmutableDictionary<int, float>.Empty.Add(3, 4f), MaxNewTokens = 4 },
            new() { Temperature = 0.5f, PromptLookupTokens = 4, Seed = 1, MaxNewTokens = 8 },
        ];

        Assert.Equal(Run(mixed, isAhead: false, 8, out _), Run(mixed, isAhead: true, 8, out var steps));
        Assert.True(steps > 0, "When the others have ended, the first goes on alone.");
    }

    [SkippableFact]
    public void A_sequence_cancelled_while_a_step_is_under_way_leaves_its_pages_and_the_others()
    {
        EmulatedCuda.Require();
        using var harness = Harness();
        var (engine, events) = Engine(harness, harness.Runner, 8);
        var kept = Add(engine, 0, Options[1]);
        var cancelled = Add(engine, 1, Options[1]);
        for (var i = 0; engine.StepsAhead < 2; i++)
        {
            engine.Step();
            Assert.True(i < MaxSteps, "No step was launched ahead.");
        }

        Assert.True(engine.Cancel(cancelled));
        engine.CheckPages();
        RunToEnd(engine);

        Assert.Equal(Alone(0, Options[1]), events.Tokens[kept]);
        Assert.Equal(harness.Pool.CapacityPages, harness.Pool.FreePages);
    }

    [SkippableFact]
    public void When_all_have_ended_the_step_that_was_launched_for_them_is_in_nobodys_way()
    {
        EmulatedCuda.Require();
        using var harness = Harness();
        var (engine, events) = Engine(harness, harness.Runner, 8);
        var first = Add(engine, 0, Options[1]);
        for (var i = 0; engine.StepsAhead < 1; i++)
        {
            engine.Step();
            Assert.True(i < MaxSteps, "No step was launched ahead.");
        }

        Assert.True(engine.Cancel(first));
        Assert.False(engine.HasWork);
        var second = Add(engine, 2, Options[0]);
        Assert.True(engine.Step().DidWork, "The step that nobody wants counts for nothing.");
        RunToEnd(engine);

        Assert.Equal(Alone(2, Options[0]), events.Tokens[second]);
    }

    private static List<int>[] Run(SamplingOptions[] options, bool isAhead, int maxSequences, out long stepsAhead)
    {
        EmulatedCuda.Require();
        using var harness = Harness();
        var (engine, events) = Engine(harness, isAhead ? harness.Runner : new PlainRunner(harness.Runner), maxSequences);
        var ids = options.Select((option, i) => Add(engine, i, option)).ToArray();
        RunToEnd(engine);
        Assert.Empty(events.Failures);
        Assert.Equal(harness.Pool.CapacityPages, harness.Pool.FreePages);
        stepsAhead = engine.StepsAhead;
        return [.. ids.Select(id => events.Tokens[id])];
    }

    private static List<int> Alone(int prompt, SamplingOptions options)
    {
        using var harness = Harness();
        var (engine, events) = Engine(harness, new PlainRunner(harness.Runner), 8);
        var id = Add(engine, prompt, options);
        RunToEnd(engine);
        return events.Tokens[id];
    }

    private static CudaHarness Harness() => new(Fixture.Load("linear").Folder, pageSize: 4, poolTokens: 256);

    private static (InferenceEngine Engine, RecordingEvents Events) Engine(CudaHarness harness, IModelRunner runner, int maxSequences)
    {
        var events = new RecordingEvents(harness.Pool);
        return (new InferenceEngine(runner, new EngineOptions { StepTarget = TimeSpan.Zero, MaxSequences = maxSequences }, events, TimeProvider.System), events);
    }

    private static SequenceId Add(InferenceEngine engine, int prompt, SamplingOptions options)
    {
        var ids = Fixture.Load("linear").Ids;
        return engine.Add(new SequenceSpec([.. ids.Skip(prompt % Sequences).Take(5 + prompt)], [], options, SequenceMode.Generate));
    }

    private static void RunToEnd(InferenceEngine engine)
    {
        for (var i = 0; engine.HasWork; i++)
        {
            engine.Step();
            engine.CheckPages();
            Assert.True(i < MaxSteps, "The engine does not come to an end.");
        }
    }

    /// <summary>A runner without its sampling: the engine takes logits from it, one step after the other.</summary>
    private sealed class PlainRunner(IModelRunner runner) : IModelRunner
    {
        public int VocabSize => runner.VocabSize;

        public int MaxContextTokens => runner.MaxContextTokens;

        public int MaxBatchTokens => runner.MaxBatchTokens;

        public KvPagePool Pages => runner.Pages;

        public void Forward(ForwardBatch batch) => runner.Forward(batch);

        public Span<float> Logits(int index, int nth = 0) => runner.Logits(index, nth);

        public void Dispose()
        {
            // The one within is its maker's.
        }
    }
}
