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
        Assert.InRange(node.Pool.UsedPages, 10, 14);

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

        Assert.Equal(capacity, PrefixCaches.CapacityPages(runner, new PrefixCacheSettings(share, "lru"), workers));
    }
}
