using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Engine;

public sealed class CachedEngineTests
{
    private static readonly EngineOptions Eager = new() { StepTarget = TimeSpan.Zero, GrowthWindowTokens = 1 };

    [Fact]
    public void The_next_turn_of_a_conversation_finds_question_and_answer()
    {
        using var cached = new CachedEngine();
        var prompt = CachedEngine.Prompt(10);
        var answer = ScriptedRunner.Continue(prompt, 7);
        var first = cached.Add(prompt, newTokens: 7);
        cached.RunToEnd();
        prompt = [.. prompt, .. answer, 1, 2, 3];

        var second = cached.Add(prompt, newTokens: 5);
        cached.RunToEnd();

        // 10 + 7 tokens, of which the last was chosen and never computed, fill four pages of four.
        Assert.Equal([0], cached.Events.CachedTokens[first]);
        Assert.Equal([16], cached.Events.CachedTokens[second]);
        Assert.Equal(ScriptedRunner.Continue(prompt, 5), cached.Events.Tokens[second]);
    }

    [Fact]
    public void A_prompt_that_is_cached_whole_computes_its_last_token_and_says_the_same()
    {
        using var cached = new CachedEngine();
        var prompt = CachedEngine.Prompt(12);
        cached.Add(prompt, newTokens: 3);
        cached.RunToEnd();

        var again = cached.Add(prompt, newTokens: 3);
        cached.RunToEnd();

        Assert.Equal([8], cached.Events.CachedTokens[again]);
        Assert.Equal(ScriptedRunner.Continue(prompt, 3), cached.Events.Tokens[again]);
    }

    [Fact]
    public void A_prompt_shares_what_another_has_computed_so_far()
    {
        using var cached = new CachedEngine(options: new EngineOptions { StepTarget = TimeSpan.Zero, MaxStepTokens = 8, MinSharedTokens = 64 });
        var prompt = CachedEngine.Prompt(40);
        cached.Add(prompt, newTokens: 2);
        for (var i = 0; i < 3; i++) cached.Engine.Step();

        var second = cached.Add(prompt, newTokens: 2);
        cached.RunToEnd();

        Assert.Equal([24], cached.Events.CachedTokens[second]);
        Assert.Equal(ScriptedRunner.Continue(prompt, 2), cached.Events.Tokens[second]);
    }

    [Fact]
    public void Two_that_compute_the_same_at_once_end_with_one_copy()
    {
        using var cached = new CachedEngine();
        var prompt = CachedEngine.Prompt(16);
        var ids = new[] { cached.Add(prompt, newTokens: 4), cached.Add(prompt, newTokens: 4) };

        cached.RunToEnd();

        foreach (var id in ids) Assert.Equal(ScriptedRunner.Continue(prompt, 4), cached.Events.Tokens[id]);
        Assert.Equal(4, cached.Tree.CachedPages);
        Assert.Equal(4, cached.Pool.UsedPages);
    }

    [Fact]
    public void A_prompt_that_is_being_computed_is_waited_for()
    {
        using var cached = new CachedEngine(options: new EngineOptions { StepTarget = TimeSpan.Zero, MaxStepTokens = 64, MinSharedTokens = 16 });
        var shared = CachedEngine.Prompt(32);
        var prompts = Enumerable.Range(0, 5).Select(i => i == 3 ? CachedEngine.Prompt(20, seed: 9) : [.. shared, i, 5, 5]).ToArray();
        var ids = prompts.Select(prompt => cached.Add(prompt, newTokens: 3)).ToArray();

        cached.Engine.Step();
        Assert.Equal(["started 1", "started 4"], cached.Events.Log.Where(line => line.StartsWith("started", StringComparison.Ordinal)));
        cached.RunToEnd();

        Assert.Equal([0, 32, 32, 0, 32], ids.Select(id => cached.Events.CachedTokens[id][0]));
        for (var i = 0; i < ids.Length; i++) Assert.Equal(ScriptedRunner.Continue(prompts[i], 3), cached.Events.Tokens[ids[i]]);
    }

    [Fact]
    public void Nobody_waits_for_a_prompt_of_another_namespace_or_for_too_little()
    {
        using var cached = new CachedEngine(options: new EngineOptions { StepTarget = TimeSpan.Zero, MinSharedTokens = 20 });
        var prompt = CachedEngine.Prompt(24);
        cached.Add(prompt, newTokens: 3);
        cached.Add(prompt, newTokens: 3, space: new KvNamespaceId(0, 7));
        cached.Add([.. prompt[..19], 1, 2, 3], newTokens: 3);

        cached.Engine.Step();

        Assert.Equal(3, cached.Engine.Load.Running);
    }

    [Fact]
    public void A_wait_ends_when_the_one_that_computes_is_cancelled()
    {
        using var cached = new CachedEngine(options: new EngineOptions { StepTarget = TimeSpan.Zero, MaxStepTokens = 8, MinSharedTokens = 8 });
        var prompt = CachedEngine.Prompt(40);
        var (first, second) = (cached.Add(prompt, newTokens: 3), cached.Add(prompt, newTokens: 3));
        for (var i = 0; i < 2; i++) cached.Engine.Step();
        Assert.Equal(1, cached.Engine.Load.Waiting);

        cached.Engine.Cancel(first);
        cached.RunToEnd();

        Assert.Equal([16], cached.Events.CachedTokens[second]);
        Assert.Equal(ScriptedRunner.Continue(prompt, 3), cached.Events.Tokens[second]);
    }

    [Fact]
    public void Namespaces_share_nothing()
    {
        using var cached = new CachedEngine();
        var prompt = CachedEngine.Prompt(20);
        cached.Add(prompt, newTokens: 2, space: new KvNamespaceId(0, 1));
        cached.RunToEnd();

        var other = cached.Add(prompt, newTokens: 2, space: new KvNamespaceId(0, 2));
        cached.RunToEnd();

        Assert.Equal([0], cached.Events.CachedTokens[other]);
        Assert.Equal(ScriptedRunner.Continue(prompt, 2), cached.Events.Tokens[other]);
    }

    [Fact]
    public void Unused_prefixes_are_evicted_before_anybody_is_preempted()
    {
        using var cached = new CachedEngine(pages: 16, options: Eager);
        for (var i = 0; i < 3; i++)
        {
            cached.Add(CachedEngine.Prompt(20, seed: i), newTokens: 1);
            cached.RunToEnd();
        }

        Assert.Equal(15, cached.Tree.CachedPages);
        var prompts = new[] { CachedEngine.Prompt(12, seed: 10), CachedEngine.Prompt(12, seed: 11) };
        var ids = prompts.Select(prompt => cached.Add(prompt, newTokens: 16)).ToArray();
        cached.RunToEnd();

        Assert.Equal(0, cached.Events.PreemptionCount);
        for (var i = 0; i < 2; i++) Assert.Equal(ScriptedRunner.Continue(prompts[i], 16), cached.Events.Tokens[ids[i]]);
    }

    [Fact]
    public void A_prompt_is_admitted_on_the_pages_that_another_keeps_locked()
    {
        using var cached = new CachedEngine(pages: 12, options: Eager);
        var prompt = CachedEngine.Prompt(36);
        var first = cached.Add(prompt, newTokens: 4);
        cached.Engine.Step();
        Assert.True(cached.Pool.FreePages < 9);

        var second = cached.Add(prompt, newTokens: 2);
        cached.Engine.Step();

        Assert.Equal([32], cached.Events.CachedTokens[second]);
        cached.RunToEnd();
        Assert.Equal(ScriptedRunner.Continue(prompt, 4), cached.Events.Tokens[first]);
        Assert.Equal(ScriptedRunner.Continue(prompt, 2), cached.Events.Tokens[second]);
    }

    [Fact]
    public void A_preempted_sequence_resumes_from_what_is_still_cached()
    {
        using var cached = new CachedEngine(pages: 16, options: Eager);
        var prompts = Enumerable.Range(0, 3).Select(i => CachedEngine.Prompt(12, seed: i)).ToArray();
        var ids = prompts.Select((prompt, i) => cached.Add(prompt, newTokens: i == 2 ? 20 : 12)).ToArray();

        cached.RunToEnd();

        Assert.True(cached.Events.PreemptionCount > 0);
        Assert.Contains(cached.Events.CachedTokens.Values, starts => starts.Skip(1).Any(tokens => tokens > 0));
        for (var i = 0; i < 3; i++) Assert.Equal(ScriptedRunner.Continue(prompts[i], i == 2 ? 20 : 12), cached.Events.Tokens[ids[i]]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Decode_need_not_be_sent_what_it_has_but_may(bool senderKnows)
    {
        using var pool = ScriptedRunner.Pool(64);
        using var prefill = new CachedEngine(pool, new EngineOptions { MaxStepTokens = 6, StepTarget = TimeSpan.Zero });
        using var decode = new CachedEngine(pool);
        var prompt = CachedEngine.Prompt(19);
        var expected = ScriptedRunner.Continue(prompt, 9);

        // Both caches come to hold the same pages, so to decode there are none elsewhere.
        for (var round = 0; round < 2; round++)
        {
            var receiver = decode.Add(prompt, newTokens: 9, SequenceMode.Decode);
            decode.Engine.Step();
            var cachedPages = round == 0 ? 0 : 4;
            Assert.Contains($"granted {receiver.Value} 5 {cachedPages}", decode.Events.Log);
            var sender = prefill.Add(prompt, newTokens: 9, SequenceMode.Prefill);
            while (prefill.Engine.Step().DidWork) { }
            Land(receiver, [.. prefill.Events.HandedPages[sender]], cachedPages);
            Assert.True(decode.Engine.TryJoin(receiver, prefill.Events.NextTokens[sender]));
            decode.RunToEnd();

            Assert.Equal([round == 0 ? 0 : 16], prefill.Events.CachedTokens[sender]);
            Assert.Equal(expected[..1], prefill.Events.Tokens[sender]);
            Assert.Equal(expected[1..], decode.Events.Tokens[receiver]);
        }

        var next = decode.Add([.. prompt, .. expected, 5], newTokens: 1);
        decode.RunToEnd();
        Assert.Equal([24], decode.Events.CachedTokens[next]);
        prefill.Tree.Clear();
        decode.Tree.Clear();
        Assert.Equal(0, pool.UsedPages);

        void Land(SequenceId receiver, int[] pages, int cachedPages)
        {
            if (senderKnows)
            {
                pool.Release(pages.AsSpan(0, cachedPages));
                Assert.True(decode.Engine.TryLand(receiver, cachedPages, pages.AsSpan(cachedPages)));
                return;
            }

            Assert.True(decode.Engine.TryLand(receiver, 0, pages.AsSpan(0, 3)));
            Assert.False(decode.Engine.TryLand(receiver, 5, pages.AsSpan(3)));
            Assert.True(decode.Engine.TryLand(receiver, 3, pages.AsSpan(3)));
            Assert.False(decode.Engine.TryLand(receiver, 0, pages.AsSpan(0, 1)));
        }
    }

    [Fact]
    public void A_grant_that_is_cancelled_leaves_nothing_locked()
    {
        using var cached = new CachedEngine();
        var prompt = CachedEngine.Prompt(20);
        cached.Add(prompt, newTokens: 1);
        cached.RunToEnd();
        var receiver = cached.Add(prompt, newTokens: 4, SequenceMode.Decode);
        cached.Engine.Step();
        Assert.Equal(1, cached.Tree.EvictablePages);
        cached.Check();

        Assert.True(cached.Engine.Cancel(receiver));

        cached.Check();
        Assert.Equal(5, cached.Tree.EvictablePages);
        Assert.Equal(5, cached.Pool.UsedPages);
    }

    [Fact]
    public void Pages_of_a_sequence_whose_logits_are_no_numbers_are_not_remembered()
    {
        using var cached = new CachedEngine();
        var prompt = CachedEngine.Prompt(9).SetItem(8, 63);
        cached.Runner.AfterLogits = (_, logits, first) => logits[first] = float.NaN;

        var id = cached.Add(prompt, newTokens: 4);
        cached.RunToEnd();

        Assert.Contains("NaN", cached.Events.Failures[id]);
        Assert.Equal(0, cached.Tree.CachedPages);
        Assert.Equal(0, cached.Pool.UsedPages);
    }

    [Fact]
    public void Releasing_all_unlocks_the_cache_and_clearing_it_brings_every_page_back()
    {
        using var cached = new CachedEngine();
        for (var i = 0; i < 5; i++) cached.Add(CachedEngine.Prompt(9, i), newTokens: 20);
        for (var i = 0; i < 6; i++) cached.Engine.Step();
        var load = cached.Engine.Load;
        Assert.Equal((cached.Tree.CachedPages, 0), (load.CachedPages, load.EvictablePages));

        cached.Engine.ReleaseAll();

        cached.Check();
        Assert.Equal(cached.Tree.CachedPages, cached.Tree.EvictablePages);
        cached.Tree.Clear();
        Assert.Equal(0, cached.Pool.UsedPages);
    }

    [Fact]
    public void Clearing_the_cache_under_way_disturbs_nobody()
    {
        using var cached = new CachedEngine();
        var prompt = CachedEngine.Prompt(20);
        var id = cached.Add(prompt, newTokens: 12);
        for (var i = 0; i < 5; i++) cached.Engine.Step();

        cached.Tree.Clear();
        cached.RunToEnd();

        Assert.Equal(ScriptedRunner.Continue(prompt, 12), cached.Events.Tokens[id]);
        Assert.Equal(0, cached.Tree.CachedPages);
        Assert.Equal(0, cached.Pool.UsedPages);
    }

    [Fact]
    public void A_cache_of_another_page_size_is_refused()
    {
        using var pool = ScriptedRunner.Pool(8, pageSizeTokens: 4);
        using var runner = new ScriptedRunner(pool);
        var tree = new RadixTree(new RadixTreeOptions { PageSizeTokens = 2, CapacityPages = 8 }, pool, EvictionPolicies.Create("lru"));

        var error = Assert.Throws<ArgumentException>(() => new InferenceEngine(runner, Eager, new RecordingEvents(pool), TimeProvider.System, tree));

        Assert.Contains("pages of 2 tokens; the runner has 4", error.Message);
    }

    [Fact]
    public void A_step_with_a_cache_allocates_nothing()
    {
        using var cached = new CachedEngine(pages: 256);
        var (runner, tree) = (cached.Runner, cached.Tree);
        var engine = new InferenceEngine(runner, new EngineOptions { MaxStepTokens = 16, StepTarget = TimeSpan.Zero }, new SilentEvents(), TimeProvider.System, tree);
        for (var warm = 0; warm < 3; warm++)
        {
            for (var i = 0; i < 4; i++) Add(i);
            while (engine.Step().DidWork) { }
        }

        for (var i = 0; i < 4; i++) Add(i + 10);
        engine.Step();
        var pagesBefore = tree.CachedPages;

        // A collection that another test causes is counted to this thread now and then; the least of several rounds is what a step itself takes.
        var allocated = long.MaxValue;
        for (var round = 0; round < 4; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++) engine.Step();
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(tree.CachedPages > pagesBefore + 10, "Pages were to fill.");
        Assert.Equal(0, allocated);

        void Add(int seed) => engine.Add(new SequenceSpec(
            CachedEngine.Prompt(40, seed), [], new SamplingOptions { MaxNewTokens = 80, Temperature = 0 }, SequenceMode.Generate));
    }

    private sealed class SilentEvents : IEngineEvents
    {
        public void Granted(SequenceId sequence, int pages, int cachedPages)
        {
        }

        public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
        {
        }

        public void Progressed(SequenceId sequence, int computedTokens)
        {
        }

        public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob)
        {
        }

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
