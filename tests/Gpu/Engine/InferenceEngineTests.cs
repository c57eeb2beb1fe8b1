using ActorInference.Actors.Generation;
using ActorInference.Actors.Supervision;
using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Tests.Engine;

public sealed class InferenceEngineTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(7, 16)]
    [InlineData(512, 4)]
    public void Greedy_tokens_are_the_models_whatever_the_chunk_and_page_size(int stepTokens, int pageSize)
    {
        using var harness = new EngineHarness(pages: 128, pageSize, new EngineOptions { MaxStepTokens = stepTokens, StepTarget = TimeSpan.Zero });
        var prompt = EngineHarness.Prompt(23);

        var id = harness.Add(prompt, newTokens: 12);
        harness.RunToEnd();

        Assert.Equal(ScriptedRunner.Continue(prompt, 12), harness.Events.Tokens[id]);
        Assert.Equal((FinishReason.Length, null), harness.Events.Ends[id]);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Fact]
    public void A_sequence_that_was_begun_elsewhere_goes_on_where_it_stood()
    {
        using var harness = new EngineHarness();
        var prompt = EngineHarness.Prompt(9);
        var expected = ScriptedRunner.Continue(prompt, 10);

        var id = harness.Add(prompt, newTokens: 10, SequenceMode.Generate, expected[..6]);
        harness.RunToEnd();

        Assert.Equal(expected[6..], harness.Events.Tokens[id]);
        Assert.Contains($"token {id.Value} 6", harness.Events.Log);
    }

    [Fact]
    public void A_sequence_draws_the_same_tokens_when_it_is_resumed_after_any_of_them()
    {
        var sampling = new SamplingOptions { MaxNewTokens = 12, Temperature = 1.5f, Seed = 99, RepetitionPenalty = 1.2f, TopP = 0.9f };
        var prompt = EngineHarness.Prompt(5);
        using var whole = new EngineHarness();
        var first = whole.Engine.Add(new SequenceSpec(prompt, [], sampling, SequenceMode.Generate));
        whole.RunToEnd();
        var expected = whole.Events.Tokens[first];

        for (var emitted = 1; emitted < expected.Count; emitted++)
        {
            using var resumed = new EngineHarness();
            var id = resumed.Engine.Add(new SequenceSpec(prompt, [.. expected.Take(emitted)], sampling, SequenceMode.Generate));
            resumed.RunToEnd();
            Assert.Equal(expected.Skip(emitted), resumed.Events.Tokens[id]);
        }
    }

    [Fact]
    public void Sequences_join_and_leave_between_steps_without_disturbing_each_other()
    {
        using var harness = new EngineHarness(pages: 256, options: new EngineOptions { MaxStepTokens = 16, StepTarget = TimeSpan.Zero });
        var prompts = Enumerable.Range(0, 12).Select(i => EngineHarness.Prompt(3 + 5 * i, seed: i)).ToArray();
        var ids = new List<SequenceId>();

        foreach (var prompt in prompts)
        {
            ids.Add(harness.Add(prompt, newTokens: 4 + ids.Count));
            harness.Engine.Step();
        }

        harness.RunToEnd();

        for (var i = 0; i < prompts.Length; i++)
            Assert.Equal(ScriptedRunner.Continue(prompts[i], 4 + i), harness.Events.Tokens[ids[i]]);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Fact]
    public void Pages_that_prefill_hands_over_let_another_engine_go_on_with_the_same_tokens()
    {
        using var pool = ScriptedRunner.Pool(64);
        using var prefill = new EngineHarness(pool, new EngineOptions { MaxStepTokens = 6, StepTarget = TimeSpan.Zero });
        using var decode = new EngineHarness(pool);
        var prompt = EngineHarness.Prompt(19);
        var expected = ScriptedRunner.Continue(prompt, 9);

        var receiver = decode.Add(prompt, newTokens: 9, SequenceMode.Decode);
        decode.Engine.Step();
        var sender = prefill.Add(prompt, newTokens: 9, SequenceMode.Prefill);
        while (prefill.Engine.Step().DidWork) { }

        Assert.Equal(expected[..1], prefill.Events.Tokens[sender]);
        Assert.True(prefill.Engine.IsEmpty);
        var pages = prefill.Events.HandedPages[sender].ToArray();
        Assert.Equal(5, pages.Length);
        Assert.True(decode.Engine.TryLand(receiver, 0, pages.AsSpan(0, 2)));
        Assert.False(decode.Engine.TryJoin(receiver, expected[0]));
        Assert.True(decode.Engine.TryLand(receiver, 2, pages.AsSpan(2)));
        Assert.True(decode.Engine.TryJoin(receiver, prefill.Events.NextTokens[sender]));
        decode.RunToEnd();

        Assert.Equal(expected[1..], decode.Events.Tokens[receiver]);
        Assert.Equal(0, pool.UsedPages);
    }

    [Fact]
    public void Prefill_reports_full_pages_as_they_fill_and_the_partial_one_last()
    {
        using var harness = new EngineHarness(options: new EngineOptions { MaxStepTokens = 6, StepTarget = TimeSpan.Zero });

        var id = harness.Add(EngineHarness.Prompt(14), newTokens: 2, SequenceMode.Prefill);
        while (harness.Engine.Step().DidWork) { }

        Assert.Equal(
        [
            "started 1", "filled 1 0+1", "progressed 1 6", "filled 1 1+2", "progressed 1 12", "token 1 0", "filled 1 3+1", "handed 1",
        ], harness.Events.Log);
        harness.Pool.Release([.. harness.Events.HandedPages[id]]);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Fact]
    public void A_generation_that_ends_with_its_first_token_hands_nothing_over()
    {
        using var harness = new EngineHarness();

        var id = harness.Add(EngineHarness.Prompt(6), newTokens: 1, SequenceMode.Prefill);
        harness.RunToEnd();

        Assert.Equal((FinishReason.Length, null), harness.Events.Ends[id]);
        Assert.DoesNotContain(id, harness.Events.NextTokens.Keys);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void An_end_token_ends_a_generation_unless_it_is_to_be_ignored(bool ignoreEos, bool stops)
    {
        var prompt = EngineHarness.Prompt(8);
        var expected = ScriptedRunner.Continue(prompt, 10);
        var end = expected[4];
        using var harness = new EngineHarness(options: new EngineOptions { EndTokenIds = [end], StepTarget = TimeSpan.Zero });

        var id = harness.Engine.Add(new SequenceSpec(prompt, [], new SamplingOptions { MaxNewTokens = 10, Temperature = 0, IgnoreEos = ignoreEos }, SequenceMode.Generate));
        harness.RunToEnd();

        var count = Array.IndexOf(expected, end) + 1;
        Assert.Equal(stops ? expected[..count] : expected, harness.Events.Tokens[id]);
        Assert.Equal(stops ? (FinishReason.Stop, end) : (FinishReason.Length, null), harness.Events.Ends[id]);
    }

    [Fact]
    public void A_stop_token_of_the_request_ends_it_and_is_reported_as_the_last()
    {
        var prompt = EngineHarness.Prompt(8);
        var expected = ScriptedRunner.Continue(prompt, 10);
        using var harness = new EngineHarness();

        var id = harness.Engine.Add(new SequenceSpec(prompt, [], new SamplingOptions { MaxNewTokens = 10, Temperature = 0, StopTokenIds = [expected[3]] }, SequenceMode.Generate));
        harness.RunToEnd();

        Assert.Equal((FinishReason.Stop, expected[3]), harness.Events.Ends[id]);
        Assert.Equal(expected[3], harness.Events.Tokens[id][^1]);
    }

    [Fact]
    public void A_full_context_ends_a_generation()
    {
        using var harness = new EngineHarness(maxContext: 16);

        var id = harness.Add(EngineHarness.Prompt(10), newTokens: 100);
        harness.RunToEnd();

        Assert.Equal(6, harness.Events.Tokens[id].Count);
        Assert.Equal(FinishReason.Length, harness.Events.Ends[id].Reason);
    }

    [Fact]
    public void What_can_never_run_is_refused_and_leaves_no_trace()
    {
        using var harness = new EngineHarness(maxContext: 16);

        Assert.Contains("empty", Refusal([], 4));
        Assert.Contains("16 tokens; they must have at most 15", Refusal(EngineHarness.Prompt(16), 4));
        Assert.Contains("Token 64", Refusal([1, 64], 4));
        Assert.Contains("fewer than MaxNewTokens, 2", Refusal([1], 2, 5, 6));
        Assert.True(harness.Engine.IsEmpty);

        string Refusal(IEnumerable<int> prompt, int newTokens, params int[] output) =>
            Assert.Throws<ArgumentException>(() => harness.Add([.. prompt], newTokens, SequenceMode.Generate, output)).Message;
    }

    [Fact]
    public void A_refused_batch_costs_only_the_sequence_that_is_at_fault()
    {
        using var harness = new EngineHarness();
        harness.Runner.BeforeForward = batch =>
        {
            for (var i = 0; i < batch.Count; i++)
            {
                if (batch.FirstPosition(i) == 0 && batch.Tokens(i)[0] == 63) throw new ArgumentException("63 is too odd.");
            }
        };
        var prompts = Enumerable.Range(0, 4).Select(i => EngineHarness.Prompt(5 + i, seed: i).SetItem(0, i == 2 ? 63 : i)).ToArray();
        var ids = prompts.Select(prompt => harness.Add(prompt, newTokens: 6)).ToArray();

        Assert.Contains("a batch of 4", Assert.Throws<BatchRefusedException>(() => harness.Engine.Step()).Message);
        harness.Engine.Step();
        harness.Engine.Step();
        Assert.Contains("a batch of 1", Assert.Throws<BatchRefusedException>(() => harness.Engine.Step()).Message);
        harness.RunToEnd();

        Assert.Contains("63 is too odd", harness.Events.Failures[ids[2]]);
        foreach (var i in new[] { 0, 1, 3 }) Assert.Equal(ScriptedRunner.Continue(prompts[i], 6), harness.Events.Tokens[ids[i]]);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Fact]
    public void Logits_that_are_no_numbers_fail_their_sequence_alone()
    {
        using var harness = new EngineHarness();
        var good = EngineHarness.Prompt(5).SetItem(4, 1);
        var bad = EngineHarness.Prompt(5).SetItem(4, 63);
        harness.Runner.AfterLogits = (lastToken, logits, first) =>
        {
            if (lastToken == 63) logits[first + 7] = float.NaN;
        };

        var (goodId, badId) = (harness.Add(good, newTokens: 1), harness.Add(bad, newTokens: 1));
        harness.RunToEnd();

        Assert.Contains("NaN", harness.Events.Failures[badId]);
        Assert.Equal(ScriptedRunner.Continue(good, 1), harness.Events.Tokens[goodId]);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Fact]
    public void Cancelling_at_any_time_brings_the_pages_back()
    {
        for (var steps = 0; steps < 12; steps++)
        {
            using var harness = new EngineHarness(options: new EngineOptions { MaxStepTokens = 5, StepTarget = TimeSpan.Zero });
            var other = harness.Add(EngineHarness.Prompt(4), newTokens: 8);
            var id = harness.Add(EngineHarness.Prompt(20), newTokens: 8);
            for (var i = 0; i < steps; i++) harness.Engine.Step();

            Assert.True(harness.Engine.Cancel(id));
            Assert.False(harness.Engine.Cancel(id));
            harness.Engine.CheckPages();
            harness.RunToEnd();

            Assert.Equal(ScriptedRunner.Continue(EngineHarness.Prompt(4), 8), harness.Events.Tokens[other]);
            Assert.Equal(0, harness.Pool.UsedPages);
        }
    }

    [Fact]
    public void Releasing_all_brings_every_page_back()
    {
        using var harness = new EngineHarness();
        for (var i = 0; i < 5; i++) harness.Add(EngineHarness.Prompt(9, i), newTokens: 20);
        for (var i = 0; i < 6; i++) harness.Engine.Step();

        harness.Engine.ReleaseAll();

        Assert.True(harness.Engine.IsEmpty);
        Assert.Equal(0, harness.Pool.UsedPages);
    }

    [Fact]
    public void Log_probabilities_come_only_when_asked_for()
    {
        using var harness = new EngineHarness();
        var id = harness.Engine.Add(new SequenceSpec([1, 2, 3], [], new SamplingOptions { MaxNewTokens = 3, Temperature = 0, TopLogprobs = 2 }, SequenceMode.Generate));
        var silent = harness.Add([1, 2, 3], newTokens: 3);

        harness.RunToEnd();

        Assert.All(harness.Events.Logprobs[silent], Assert.Null);
        for (var i = 0; i < 3; i++)
        {
            var logprob = harness.Events.Logprobs[id][i];
            Assert.NotNull(logprob);
            Assert.Equal(2, logprob.Top.Length);
            Assert.Equal(harness.Events.Tokens[id][i], logprob.Top[0].TokenId);
            Assert.Equal(logprob.Logprob, logprob.Top[0].Logprob);
        }
    }
}
