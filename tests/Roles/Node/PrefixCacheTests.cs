using ActorInference.Gpu.Tests.Engine;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;
using ActorInference.Roles.Tests.Testing;

namespace ActorInference.Roles.Tests.Node;

/// <summary>What one request computed, the next one need not.</summary>
public sealed class PrefixCacheTests
{
    private const string Cached = "actor-inference.prefill.prefix-cache.share = 0.5";

    [Fact]
    public async Task A_prompt_that_was_seen_is_computed_from_its_last_page_on()
    {
        await using var node = new ScriptedNode(Cached, maxContext: 256);
        var first = ScriptedNode.Request(ScriptedNode.Prompt(50), 10);
        var second = ScriptedNode.Request(ScriptedNode.Prompt(50), 10);

        var cold = await node.RunAsync(first);
        var warm = await node.RunAsync(second);

        cold.AssertIs(first);
        warm.AssertIs(second);
        Assert.All(cold.Tokens, token => Assert.Equal(0, token.CachedTokens));
        Assert.All(warm.Tokens, token => Assert.Equal(48, token.CachedTokens));
    }

    [Fact]
    public async Task The_longest_sequence_fits_beside_a_full_cache()
    {
        await using var node = new ScriptedNode(Cached, pages: 64, maxContext: 200);
        for (var seed = 0; seed < 20; seed++) await node.RunAsync(ScriptedNode.Request(ScriptedNode.Prompt(120, seed), 2));
        await Deadline.UntilAsync(() => node.Pool.UsedPages is >= 10 and <= 14, () => $"the caches alone have pages; {node.Pool.UsedPages} are used");

        var longest = ScriptedNode.Request(ScriptedNode.Prompt(190, seed: 99), 10);
        var outcome = await node.RunAsync(longest);

        outcome.AssertIs(longest);
    }

    [Fact]
    public async Task A_worker_that_begins_again_has_forgotten_its_pages_and_given_them_back()
    {
        await using var node = new ScriptedNode(Cached, maxContext: 256);
        await node.RunAsync(ScriptedNode.Request(ScriptedNode.Prompt(50), 10));
        Assert.True(node.Pool.UsedPages > 0);
        var failed = node.FailOnceWhen("prefill-0", () => true);

        var again = ScriptedNode.Request(ScriptedNode.Prompt(50), 10);
        var outcome = await node.RunAsync(again);

        await Deadline.OnAsync(failed);
        outcome.AssertIs(again);
        Assert.All(outcome.Tokens, token => Assert.Equal(0, token.CachedTokens));
    }

    [Theory]
    [InlineData(64, 256, 0.5, 1, 0)]
    [InlineData(128, 256, 0.5, 1, 64)]
    [InlineData(128, 256, 0.9, 1, 64)]
    [InlineData(128, 256, 0.5, 2, 32)]
    [InlineData(128, 256, 0, 1, 0)]
    public void A_cache_leaves_room_for_the_longest_sequence(int pages, int context, double share, int workers, int capacity)
    {
        using var pool = ScriptedRunner.Pool(pages);
        using var runner = new ScriptedRunner(pool, maxContextTokens: context);

        Assert.Equal(capacity, PrefixCaches.CapacityPages(runner, new PrefixCacheSettings(share, "lru"), workers, shares: share));
    }

    [Theory]
    [InlineData(128, 256, 0.5, 0.5, 32, 0)]
    [InlineData(512, 256, 0.5, 0.25, 256, 64)]
    [InlineData(512, 256, 0.9, 0.9, 224, 0)]
    [InlineData(64, 256, 0.5, 0.5, 0, 0)]
    public void Caches_of_two_roles_and_prompts_ahead_of_their_grant_leave_room_for_the_longest_sequence(
        int pages, int context, double prefillShare, double decodeShare, int capacity, int ahead)
    {
        using var pool = ScriptedRunner.Pool(pages);
        using var runner = new ScriptedRunner(pool, maxContextTokens: context);
        var shares = prefillShare + decodeShare;

        var prefill = PrefixCaches.CapacityPages(runner, new PrefixCacheSettings(prefillShare, "lru"), 1, shares);
        var decode = PrefixCaches.CapacityPages(runner, new PrefixCacheSettings(decodeShare, "lru"), 1, shares);

        Assert.Equal(capacity, prefill);
        Assert.Equal(ahead, PrefixCaches.AheadPages(runner, shares));
        Assert.InRange(pages - prefill - decode - ahead, Math.Min(pages, context / pool.Layout.PageSizeTokens), pages);
    }

    [Fact]
    public async Task Decode_remembers_too_and_a_prompt_that_it_knows_is_not_sent_again()
    {
        await using var node = new ScriptedNode("actor-inference { prefill.prefix-cache.share = 0.25, decode.prefix-cache.share = 0.25 }", pages: 512, maxContext: 256);
        for (var turn = 0; turn < 3; turn++)
        {
            var request = ScriptedNode.Request(ScriptedNode.Prompt(100), 10);
            var outcome = await node.RunAsync(request);
            outcome.AssertIs(request);
            Assert.Equal(turn == 0 ? 0 : 96, outcome.Tokens[0].CachedTokens);
        }
    }

    [Fact]
    public async Task Requests_of_another_salt_share_nothing()
    {
        await using var node = new ScriptedNode(Cached, maxContext: 256);
        var prompt = ScriptedNode.Prompt(50);
        var cached = new List<int>();
        foreach (var salt in new[] { null, "a", "b", "a", null })
        {
            var request = ScriptedNode.Request(prompt, 4) with { CacheSalt = salt };
            var outcome = await node.RunAsync(request);
            outcome.AssertIs(request);
            cached.Add(outcome.Tokens[0].CachedTokens);
        }

        Assert.Equal([0, 0, 0, 48, 48], cached);
    }
}
