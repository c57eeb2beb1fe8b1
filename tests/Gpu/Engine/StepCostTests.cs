using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Tests.Engine;

public sealed class StepCostTests
{
    [Fact]
    public void A_step_allocates_nothing()
    {
        using var pool = ScriptedRunner.Pool(256, pageSizeTokens: 4);
        using var runner = new ScriptedRunner(pool);
        var events = new CountingEvents();
        var engine = new InferenceEngine(runner, new EngineOptions { MaxStepTokens = 32 }, events, TimeProvider.System);
        SamplingOptions[] kinds =
        [
            new() { MaxNewTokens = 200, Temperature = 0 },
            new() { MaxNewTokens = 200, Temperature = 1, TopP = 0.9f, Seed = 1 },
            new() { MaxNewTokens = 200, Temperature = 1, TopK = 10, MinP = 0.1f, Seed = 2 },
            new() { MaxNewTokens = 200, Temperature = 1, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.5f, Seed = 3, MinNewTokens = 5 },
        ];
        foreach (var kind in kinds) engine.Add(new SequenceSpec(EngineHarness.Prompt(40), [], kind, SequenceMode.Generate));
        for (var i = 0; i < 20 || engine.Load.PendingTokens > 0; i++) engine.Step();
        var tokensBefore = events.Tokens;

        // A collection that another test causes is counted to this thread now and then; the least of several rounds is what a step itself takes.
        var allocated = long.MaxValue;
        for (var round = 0; round < 4; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++) engine.Step();
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(events.Tokens - tokensBefore >= 40 * kinds.Length, "Every sequence was to be in decode.");
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void The_chunk_of_a_step_follows_the_devices_speed()
    {
        var time = new ManualTime();
        using var pool = ScriptedRunner.Pool(1024);
        using var runner = new ScriptedRunner(pool);
        var chunks = new List<int>();
        var secondsPerToken = 1.0 / 1000;
        runner.BeforeForward = batch =>
        {
            chunks.Add(batch.TokenCount);
            time.Advance(TimeSpan.FromSeconds(batch.TokenCount * secondsPerToken));
        };
        var engine = new InferenceEngine(runner, new EngineOptions { StepTarget = TimeSpan.FromMilliseconds(250) }, new CountingEvents(), time);

        engine.Add(new SequenceSpec(EngineHarness.Prompt(2000), [], new SamplingOptions { MaxNewTokens = 1 }, SequenceMode.Generate));
        for (var i = 0; i < 6; i++) engine.Step();
        secondsPerToken = 1.0 / 20;
        for (var i = 0; i < 6; i++) engine.Step();

        Assert.Equal([64, 128, 250, 250, 250, 250, 250, 5, 5, 5, 5, 5], chunks);
    }

    [Fact]
    public void A_long_prompt_beside_running_generations_stretches_no_step_beyond_what_they_are_to_wait()
    {
        const double stepMs = 30, tokenMs = 4, stretch = 1.75;
        var time = new ManualTime();
        using var pool = ScriptedRunner.Pool(2048);
        using var runner = new ScriptedRunner(pool);
        var steps = new List<(int Decodes, int PromptTokens, double Ms)>();
        runner.BeforeForward = batch =>
        {
            var decodes = Enumerable.Range(0, batch.Count).Count(i => batch.Tokens(i).Length == 1 && batch.WantLogits(i));
            var ms = stepMs + tokenMs * (batch.TokenCount - decodes);
            steps.Add((decodes, batch.TokenCount - decodes, ms));
            time.Advance(TimeSpan.FromMilliseconds(ms));
        };
        var engine = new InferenceEngine(runner, new EngineOptions { StepStretch = stretch }, new CountingEvents(), time);
        for (var i = 0; i < 4; i++) engine.Add(new SequenceSpec(EngineHarness.Prompt(20, seed: i), [], new SamplingOptions { MaxNewTokens = 1000 }, SequenceMode.Generate));
        while (engine.Load.PendingTokens > 0) engine.Step();
        for (var i = 0; i < 20; i++) engine.Step();
        steps.Clear();

        engine.Add(new SequenceSpec(EngineHarness.Prompt(2000), [], new SamplingOptions { MaxNewTokens = 1 }, SequenceMode.Generate));
        do engine.Step();
        while (engine.Load.PendingTokens > 0);

        Assert.All(steps, step => Assert.InRange(step.Ms, stepMs, stepMs * stretch + 0.001));
        // Nearly all that is allowed is used: 5 tokens of 4 ms fit into 22.5, and one step in 33 has none.
        Assert.InRange(steps.Count, 2000 / 5, 2000 / 5 * 1.1);
        Assert.All(steps, step => Assert.Equal(4, step.Decodes));
    }

    [Fact]
    public void Without_generations_beside_it_or_without_a_limit_a_prompt_takes_the_whole_of_a_step()
    {
        foreach (var (generations, stretch) in new[] { (0, 1.75), (4, 0.0) })
        {
            var time = new ManualTime();
            using var pool = ScriptedRunner.Pool(2048);
            using var runner = new ScriptedRunner(pool);
            var largest = 0;
            runner.BeforeForward = batch =>
            {
                largest = Math.Max(largest, batch.TokenCount);
                time.Advance(TimeSpan.FromMilliseconds(30 + 0.5 * batch.TokenCount));
            };
            var engine = new InferenceEngine(runner, new EngineOptions { StepStretch = stretch }, new CountingEvents(), time);
            for (var i = 0; i < generations; i++) engine.Add(new SequenceSpec(EngineHarness.Prompt(20, seed: i), [], new SamplingOptions { MaxNewTokens = 1000 }, SequenceMode.Generate));
            engine.Add(new SequenceSpec(EngineHarness.Prompt(2000), [], new SamplingOptions { MaxNewTokens = 1 }, SequenceMode.Generate));

            do engine.Step();
            while (engine.Load.PendingTokens > 0);

            Assert.InRange(largest, 400, 512);
        }
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }

    private sealed class CountingEvents : IEngineEvents
    {
        public int Tokens { get; private set; }

        public void Granted(SequenceId sequence, int pages, int cachedPages)
        {
        }

        public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
        {
        }

        public void Progressed(SequenceId sequence, int computedTokens)
        {
        }

        public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob) => Tokens++;

        public void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages)
        {
        }

        public void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken)
        {
        }

        public void Preempted(SequenceId sequence)
        {
        }

        public void Finished(SequenceId sequence, FinishReason reason, int? matchedToken)
        {
        }

        public void Failed(SequenceId sequence, string reason) => throw new InvalidOperationException(reason);
    }
}
