using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Tests.Engine;

/// <summary>What an engine does when pages run out.</summary>
public sealed class PageShortageTests
{
    private static readonly EngineOptions Eager = new() { StepTarget = TimeSpan.Zero, GrowthWindowTokens = 1 };

    [Fact]
    public void The_youngest_is_preempted_and_resumes_with_the_same_tokens()
    {
        using var harness = new EngineHarness(pages: 8, options: Eager);
        var prompts = Enumerable.Range(0, 3).Select(i => EngineHarness.Prompt(6, seed: i)).ToArray();
        var ids = prompts.Select(prompt => harness.Add(prompt, newTokens: 12)).ToArray();

        harness.RunToEnd();

        Assert.True(harness.Events.PreemptionCount > 0);
        var first = harness.Events.Log.First(line => line.StartsWith("preempted", StringComparison.Ordinal));
        Assert.Equal($"preempted {ids[2].Value}", first);
        for (var i = 0; i < 3; i++) Assert.Equal(ScriptedRunner.Continue(prompts[i], 12), harness.Events.Tokens[ids[i]]);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Fact]
    public void The_oldest_is_never_preempted_by_a_younger_one()
    {
        using var harness = new EngineHarness(pages: 12, options: Eager);
        var ids = Enumerable.Range(0, 6).Select(i => harness.Add(EngineHarness.Prompt(7, seed: i), newTokens: 20)).ToArray();

        harness.RunToEnd();

        Assert.DoesNotContain($"preempted {ids[0].Value}", harness.Events.Log);
        Assert.Equal(6, harness.Events.Ends.Count);
    }

    [Fact]
    public void One_that_does_not_fit_lets_smaller_ones_pass_but_only_so_many()
    {
        var options = new EngineOptions { StepTarget = TimeSpan.Zero, GrowthWindowTokens = 1, MaxBypasses = 3 };
        using var harness = new EngineHarness(pages: 10, options: options);
        var running = harness.Add(EngineHarness.Prompt(8), newTokens: 24);
        harness.Engine.Step();
        var large = harness.Add(EngineHarness.Prompt(30, seed: 2), newTokens: 2);
        var small = Enumerable.Range(3, 6).Select(seed => harness.Add(EngineHarness.Prompt(3, seed), newTokens: 1)).ToArray();

        harness.RunToEnd();

        var started = harness.Events.Log.Where(line => line.StartsWith("started", StringComparison.Ordinal)).ToList();
        Assert.Equal($"started {running.Value}", started[0]);
        Assert.Equal(4, started.IndexOf($"started {large.Value}"));
        Assert.Equal(2 + small.Length, harness.Events.Ends.Count);
        Assert.Equal(ScriptedRunner.Continue(EngineHarness.Prompt(30, seed: 2), 2), harness.Events.Tokens[large]);
    }

    [Fact]
    public void Admission_leaves_room_for_those_that_run_to_grow()
    {
        var options = new EngineOptions { StepTarget = TimeSpan.Zero, GrowthWindowTokens = 64 };
        using var harness = new EngineHarness(pages: 12, options: options);

        for (var i = 0; i < 4; i++) harness.Add(EngineHarness.Prompt(8, seed: i), newTokens: 16);
        harness.RunToEnd();

        Assert.Equal(0, harness.Events.PreemptionCount);
        Assert.Equal(4, harness.Events.Ends.Count);
    }

    [Fact]
    public void Granted_pages_are_kept_from_those_that_grow()
    {
        using var pool = ScriptedRunner.Pool(10);
        using var decode = new EngineHarness(pool, Eager);
        using var prefill = new EngineHarness(pool, Eager);
        var grower = decode.Add(EngineHarness.Prompt(8), newTokens: 24);
        decode.Engine.Step();
        var prompt = EngineHarness.Prompt(19, seed: 5);
        var expected = ScriptedRunner.Continue(prompt, 4);

        var receiver = decode.Add(prompt, newTokens: 4, SequenceMode.Decode);
        for (var i = 0; i < 30; i++) decode.Engine.Step();
        Assert.Contains($"granted {receiver.Value} 5 0", decode.Events.Log);
        var sender = prefill.Add(prompt, newTokens: 4, SequenceMode.Prefill);
        while (prefill.Engine.Step().DidWork) { }
        Assert.True(decode.Engine.TryLand(receiver, 0, [.. prefill.Events.HandedPages[sender]]));
        Assert.True(decode.Engine.TryJoin(receiver, prefill.Events.NextTokens[sender]));
        decode.RunToEnd();

        Assert.Equal(expected[1..], decode.Events.Tokens[receiver]);
        Assert.Equal(ScriptedRunner.Continue(EngineHarness.Prompt(8), 24), decode.Events.Tokens[grower]);
        Assert.Equal(0, pool.UsedPages);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Whatever_comes_goes_or_runs_short_every_sequence_says_what_the_model_says(int seed)
    {
        var random = new Random(seed);
        var options = new EngineOptions
        {
            StepTarget = TimeSpan.Zero,
            MaxStepTokens = random.Next(1, 40),
            MaxSequences = random.Next(1, 10),
            GrowthWindowTokens = random.Next(1, 20),
            MaxBypasses = random.Next(0, 4),
        };
        var pageSize = 1 << random.Next(0, 4);
        using var harness = new EngineHarness(pages: 96 / pageSize, pageSize, options);
        var expected = new Dictionary<SequenceId, int[]>();
        var cancelled = new HashSet<SequenceId>();

        for (var step = 0; step < 400; step++)
        {
            if (random.Next(4) == 0 && expected.Count < 60)
            {
                var prompt = EngineHarness.Prompt(random.Next(1, 60), seed: step);
                var newTokens = random.Next(1, 30);
                expected[harness.Add(prompt, newTokens)] = ScriptedRunner.Continue(prompt, newTokens);
            }

            if (random.Next(20) == 0 && expected.Count > 0)
            {
                var id = expected.Keys.ElementAt(random.Next(expected.Count));
                if (harness.Engine.Cancel(id)) cancelled.Add(id);
            }

            harness.Engine.Step();
            harness.Engine.CheckPages();
        }

        harness.RunToEnd();

        Assert.True(harness.Engine.IsEmpty, $"seed {seed}");
        Assert.True(harness.Pool.UsedPages == 0, $"seed {seed}: {harness.Pool.UsedPages} pages leak");
        foreach (var (id, tokens) in expected)
        {
            if (!cancelled.Contains(id)) Assert.True(tokens.SequenceEqual(harness.Events.Tokens[id]), $"seed {seed}, {id}");
        }
    }
}
