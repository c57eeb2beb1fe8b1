using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Tests.Radix;

public sealed class RadixTreeTests
{
    private static readonly KvNamespaceId Space = new KvNamespace("tiny", "1", KvDtype.F32).ComputeId();

    private readonly CountedPages _pages = new();

    [Fact]
    public void A_prompt_that_is_cached_whole_leaves_its_last_token_to_compute()
    {
        var tree = Tree();
        Insert(tree, [1, 2, 3, 4]);

        Assert.Equal(2, Matched(tree, [1, 2, 3, 4]));
        Assert.Equal(4, Matched(tree, [1, 2, 3, 4, 5]));
        Assert.Equal(0, Matched(tree, [1, 2]));
        Assert.Equal(0, Matched(tree, []));
    }

    [Fact]
    public void A_match_may_end_inside_an_edge_and_splits_it()
    {
        var tree = Tree();
        Insert(tree, [1, 1, 2, 2, 3, 3, 4, 4]);
        Insert(tree, [1, 1, 2, 2, 5, 5]);

        Assert.Equal(4, Matched(tree, [1, 1, 2, 2, 9, 9, 9]));
        Assert.Equal(8, Matched(tree, [1, 1, 2, 2, 3, 3, 4, 4, 0]));
        Assert.Equal(6, Matched(tree, [1, 1, 2, 2, 5, 5, 0]));
        Assert.Equal(5, tree.CachedPages);
        tree.CheckInvariants();
    }

    [Fact]
    public void Another_tenant_adapter_or_weights_version_finds_nothing()
    {
        var tree = Tree();
        Insert(tree, [1, 2, 3, 4]);
        KvNamespace[] others =
        [
            new("tiny", "2", KvDtype.F32), new("tiny", "1", KvDtype.F32, "adapter"), new("tiny", "1", KvDtype.F32, null, "salt"),
        ];

        foreach (var other in others) Assert.Equal(0, tree.Peek(other.ComputeId(), [1, 2, 3, 4, 5]).MatchedTokens);
        Assert.Equal(4, tree.Peek(Space, [1, 2, 3, 4, 5]).MatchedTokens);
    }

    [Fact]
    public void Pages_that_are_there_already_are_the_callers_to_release()
    {
        var tree = Tree();
        var first = Insert(tree, [1, 1, 2, 2]);
        var own = _pages.Take(3);
        var cached = new int[3];

        var insert = tree.Insert(Space, [1, 1, 2, 2, 3, 3], own, cached);

        Assert.Equal(new PrefixInsert(PresentPages: 2, InsertedPages: 1, LockedTokens: 0), insert);
        Assert.Equal(first, cached[..2]);
        Assert.Equal([1, 1, 2], own.Select(page => _pages.References[page]));
    }

    [Fact]
    public void Locked_pages_are_never_evicted_however_many_are_wanted()
    {
        var tree = Tree();
        Insert(tree, [1, 1, 2, 2, 3, 3]);
        Insert(tree, [9, 9]);
        var match = tree.Match(Space, [1, 1, 2, 2, 0], new int[2]);

        Assert.Equal(2, tree.Evict(100));

        Assert.Equal((2, 0), (tree.CachedPages, tree.EvictablePages));
        Assert.Equal(4, tree.Peek(Space, [1, 1, 2, 2, 0]).MatchedTokens);
        tree.Unlock(match.Lock);
        Assert.Equal(2, tree.Evict(100));
        Assert.Empty(_pages.References);
    }

    [Fact]
    public void An_eviction_takes_the_end_of_the_longest_unused_prefix_and_no_more_than_is_wanted()
    {
        var tree = Tree();
        Insert(tree, [1, 1, 2, 2, 3, 3]);
        Insert(tree, [4, 4, 5, 5]);

        Assert.Equal(1, tree.Evict(1));

        Assert.Equal(4, tree.Peek(Space, [1, 1, 2, 2, 3, 3, 0]).MatchedTokens);
        Assert.Equal(4, tree.Peek(Space, [4, 4, 5, 5, 0]).MatchedTokens);
    }

    [Fact]
    public void A_policy_of_whole_leaves_evicts_a_leaf_at_once()
    {
        var tree = new RadixTree(new RadixTreeOptions { PageSizeTokens = 2, CapacityPages = 8 }, _pages, EvictionPolicies.Create("lru", wholeLeaves: true));
        Insert(tree, [1, 1, 2, 2, 3, 3]);
        Insert(tree, [4, 4, 5, 5]);

        Assert.Equal(3, tree.Evict(1));
        Assert.Equal(4, tree.Peek(Space, [4, 4, 5, 5, 0]).MatchedTokens);
    }

    [Fact]
    public void A_full_tree_makes_room_but_never_from_what_the_new_pages_continue()
    {
        var tree = Tree(capacity: 4);
        Insert(tree, [1, 1, 2, 2]);
        Insert(tree, [3, 3, 4, 4]);

        Insert(tree, [1, 1, 2, 2, 5, 5]);

        Assert.Equal(6, tree.Peek(Space, [1, 1, 2, 2, 5, 5, 0]).MatchedTokens);
        Assert.Equal(2, tree.Peek(Space, [3, 3, 4, 4, 0]).MatchedTokens);
        tree.CheckInvariants();
    }

    [Fact]
    public void What_no_room_can_be_made_for_is_left_out()
    {
        var tree = Tree(capacity: 2);
        Insert(tree, [1, 1, 2, 2]);
        var match = tree.Match(Space, [1, 1, 2, 2, 0], new int[2]);
        var own = _pages.Take(1);

        Assert.Equal(new PrefixInsert(0, 0, 4), tree.Extend(match.Lock, [3, 3], own, new int[1]));
        Assert.Equal(new PrefixInsert(0, 0, 0), tree.Insert(Space, [7, 7], own, new int[1]));
        Assert.Equal(1, _pages.References[own[0]]);
        tree.CheckInvariants();
    }

    [Fact]
    public void A_cleared_tree_forgets_at_once_and_frees_locked_pages_with_their_last_lock()
    {
        var tree = Tree();
        Insert(tree, [1, 1, 2, 2]);
        var (one, two) = (tree.Match(Space, [1, 1, 2, 2, 0], new int[2]).Lock, tree.Match(Space, [1, 1, 2, 2, 0], new int[2]).Lock);

        tree.Clear();

        Assert.Equal(0, tree.Peek(Space, [1, 1, 2, 2, 0]).MatchedTokens);
        Assert.Equal(new PrefixInsert(0, 0, 4), tree.Extend(one, [3, 3], _pages.Take(1), new int[1]));
        tree.Unlock(one);
        Assert.Equal(2, tree.CachedPages);
        tree.Unlock(two);
        Assert.Equal(0, tree.CachedPages);
        tree.CheckInvariants();
    }

    [Fact]
    public void A_lock_is_unlocked_once()
    {
        var tree = Tree();
        var held = tree.Match(Space, [1, 1, 2], new int[1]).Lock;
        tree.Unlock(held);
        var later = tree.Match(Space, [1, 1, 2], new int[1]).Lock;

        Assert.Contains("is not held", Assert.Throws<InvalidOperationException>(() => tree.Unlock(held)).Message);
        Assert.Throws<InvalidOperationException>(() => tree.Unlock(PrefixLock.None));
        Assert.Throws<InvalidOperationException>(() => tree.Extend(held, [1, 1], [1], new int[1]));
        tree.Unlock(later);
    }

    [Fact]
    public void A_span_that_is_too_short_is_refused_and_changes_nothing()
    {
        var tree = Tree();
        Insert(tree, [1, 1, 2, 2]);
        var held = tree.Match(Space, [1, 1, 2, 2, 0], new int[2]).Lock;

        Assert.Contains("room for 1 pages; the prompt may match 2", Assert.Throws<ArgumentException>(() => tree.Match(Space, [1, 1, 2, 2, 0], new int[1])).Message);
        Assert.Contains("There are 0 pages; the tokens fill 1", Assert.Throws<ArgumentException>(() => tree.Extend(held, [3, 3], [], new int[1])).Message);
        Assert.Contains("room for 0 pages; the tokens fill 1", Assert.Throws<ArgumentException>(() => tree.Extend(held, [3, 3], [1], [])).Message);
        Assert.Equal(2, tree.CachedPages);
        tree.CheckInvariants();
    }

    [Fact]
    public void A_page_that_nobody_holds_is_refused()
    {
        var tree = Tree();
        var own = _pages.Take(1);

        Assert.Throws<InvalidOperationException>(() => tree.Insert(Space, [1, 1, 2, 2], [own[0], 12345], new int[2]));

        Assert.Equal((0, 1), (tree.CachedPages, _pages.References[own[0]]));
        tree.CheckInvariants();
    }

    [Fact]
    public void Sizes_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Tree(capacity: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RadixTree(new RadixTreeOptions { PageSizeTokens = 0, CapacityPages = 1 }, _pages, EvictionPolicies.Create("lru")));
        Assert.Contains("'mru'", Assert.Throws<ArgumentException>(() => EvictionPolicies.Create("mru")).Message);
    }

    [Fact]
    public void A_request_allocates_nothing()
    {
        var tree = Tree(capacity: 256);
        var (prompt, found, own) = (new int[64], new int[32], _pages.Take(32));
        for (var turn = 0; turn < 50; turn++) Serve(turn);

        // A collection that another test causes is counted to this thread now and then; the least of several rounds is what a request itself takes.
        var allocated = long.MaxValue;
        for (var round = 1; round < 8; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var turn = 0; turn < 50; turn++) Serve(50 * round + turn);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(tree.CachedPages > 100, $"{tree.CachedPages} pages are cached.");
        Assert.Equal(0, allocated);

        void Serve(int turn)
        {
            for (var i = 0; i < prompt.Length; i++) prompt[i] = i < 16 + turn % 32 ? 1 : turn;
            tree.Peek(Space, prompt);
            var match = tree.Match(Space, prompt, found);
            tree.Extend(match.Lock, prompt.AsSpan(match.MatchedTokens), own, found);
            tree.Unlock(match.Lock);
            tree.Evict(2);
        }
    }

    private RadixTree Tree(int capacity = 64) =>
        new(new RadixTreeOptions { PageSizeTokens = 2, CapacityPages = capacity }, _pages, EvictionPolicies.Create("lru"));

    /// <summary>Puts pages into the tree that nobody else holds.</summary>
    private int[] Insert(RadixTree tree, int[] tokens)
    {
        var pages = _pages.Take(tokens.Length / 2);
        tree.Insert(Space, tokens, pages, new int[pages.Length]);
        _pages.Release(pages);
        return pages;
    }

    private static int Matched(RadixTree tree, int[] tokens)
    {
        var match = tree.Match(Space, tokens, new int[tokens.Length]);
        tree.Unlock(match.Lock);
        return match.MatchedTokens;
    }
}
