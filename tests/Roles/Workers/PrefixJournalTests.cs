using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Roles.Router;
using ActorInference.Roles.Workers;

namespace ActorInference.Roles.Tests.Workers;

public sealed class PrefixJournalTests
{
    private static readonly WorkerId Worker = new("prefill-0");
    private static readonly KvNamespaceId Common = new KvNamespace("m", "1", KvDtype.F32).ComputeId();
    private static readonly KvNamespaceId Salted = (new KvNamespace("m", "1", KvDtype.F32) with { TenantSalt = "s" }).ComputeId();

    [Theory]
    [InlineData(4, 4)]
    [InlineData(4, 8)]
    [InlineData(8, 4)]
    [InlineData(6, 4)]
    public void It_names_the_blocks_that_end_in_cached_pages_as_the_router_does(int pageTokens, int blockTokens)
    {
        var journal = Journal(blockTokens);
        var tree = Tree(journal, pageTokens, capacity: 100);
        int[] prompt = [.. Enumerable.Range(1, 48)];
        Insert(tree, Common, prompt);
        Insert(tree, Salted, prompt[..24]);

        var known = journal.Read(Worker, new(0, 0, 0));

        Assert.True(known.IsAnew);
        Assert.Equal(known.Latest, known.Version);
        ImmutableArray<ulong> expected = [.. PrefixBlocks.Of(null, prompt, blockTokens), .. PrefixBlocks.Of("s", prompt.AsSpan(0, 24), blockTokens)];
        Assert.Equal(expected.Order(), known.Added.Order());

        tree.Clear();
        var after = journal.Read(Worker, new(known.Epoch, known.Version, known.Version));
        Assert.False(after.IsAnew);
        Assert.Empty(after.Added);
        Assert.Equal(expected.Order(), after.Removed.Order());
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(4, 16)]
    [InlineData(8, 4)]
    [InlineData(6, 4)]
    public void A_long_prompt_that_comes_in_parts_has_the_same_names_and_all_of_them_go(int pageTokens, int blockTokens)
    {
        var journal = Journal(blockTokens);
        var tree = Tree(journal, pageTokens, capacity: 4000);
        int[] prompt = [.. Enumerable.Range(1, 24 * 251)];
        foreach (var part in (int[])[24 * 3, 24 * 130, prompt.Length]) Insert(tree, Common, prompt[..part]);
        Insert(tree, Common, [.. prompt[..(24 * 7)], .. Enumerable.Range(5, 24 * 100)]);   // It divides the others.

        var known = journal.Read(Worker, new(0, 0, 0), most: int.MaxValue);
        Assert.Equal(PrefixBlocks.Of(null, prompt, blockTokens).Concat(PrefixBlocks.Of(null, [.. prompt[..(24 * 7)], .. Enumerable.Range(5, 24 * 100)], blockTokens)).Distinct().Order(), known.Added.Order());

        tree.Evict(int.MaxValue);
        journal.CheckInvariants();
        Assert.Equal(known.Added.Order(), journal.Read(Worker, new(known.Epoch, known.Version, known.Version), most: int.MaxValue).Removed.Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whoever_asks_however_seldom_and_loses_answers_comes_to_know_what_is_there(int seed)
    {
        var random = new Random(seed);
        var (pageTokens, blockTokens) = (random.Next(1, 5), random.Next(1, 7));
        var journal = new PrefixJournal(blockTokens, mostRemovals: random.Next(1, 40));
        journal.Name(Common, null);
        var tree = Tree(journal, pageTokens, capacity: random.Next(8, 40));
        var routers = Enumerable.Range(0, 3).Select(_ => new Asker()).ToList();
        var prompts = new List<int[]>();
        for (var step = 0; step < 600; step++)
        {
            if (random.Next(60) == 0) tree.Clear();
            prompts.Add([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(2))]);
            Insert(tree, Common, prompts[^1]);
            journal.CheckInvariants();
            foreach (var router in routers)
            {
                if (random.Next(4) == 0) router.Ask(journal, most: random.Next(1, 6), isLost: random.Next(3) == 0);
            }

            if (step % 50 != 49) continue;
            var there = prompts.SelectMany(prompt => PrefixBlocks.Of(null, prompt.AsSpan(0, tree.Peek(Common, [.. prompt, -1]).MatchedTokens), blockTokens)).ToHashSet();
            foreach (var router in routers)
            {
                while (router.Ask(journal, most: random.Next(1, 6), isLost: false))
                {
                }

                Assert.True(there.SetEquals(router.Known), $"Seed {seed}, step {step}: {router.Known.Count} blocks are known, and {there.Count} are there.");
            }
        }
    }

    [Fact]
    public void A_cache_that_begins_anew_has_nothing_and_says_so_to_whoever_knew_more()
    {
        var journal = Journal(4);
        Insert(Tree(journal, 4, capacity: 10), Common, [1, 2, 3, 4, 5, 6, 7, 8]);
        var before = journal.Read(Worker, new(0, 0, 0));
        Assert.Equal(2, before.Added.Length);

        journal.Reset();   // Its worker failed, and nothing of its cache was told of.
        Insert(Tree(journal, 4, capacity: 10), Common, [9, 9, 9, 9]);

        var after = journal.Read(Worker, new(before.Epoch, before.Version, before.Version));
        Assert.True(after.IsAnew);
        Assert.Equal<ulong>(PrefixBlocks.Of(null, [9, 9, 9, 9], 4), after.Added);
        journal.CheckInvariants();
    }

    [Fact]
    public void A_page_that_is_still_used_when_all_is_cleared_has_gone_and_may_come_again_meanwhile()
    {
        var journal = Journal(4);
        var tree = Tree(journal, 4, capacity: 1000);
        int[] prompt = [.. Enumerable.Range(1, 4 * 300)];   // More than is told of at once.
        var pages = new int[300];
        var held = tree.Match(Common, [.. prompt, 5], pages).Lock;
        tree.Extend(held, prompt, pages, pages);
        var second = tree.Match(Common, [.. prompt[..8], 5], pages).Lock;   // It divides the other's path.
        var before = journal.Read(Worker, new(0, 0, 0));
        Assert.Equal(300, before.Added.Length);

        tree.Clear();
        var cleared = journal.Read(Worker, new(before.Epoch, before.Version, before.Version));
        Assert.Empty(cleared.Added);
        Assert.Equal(before.Added.Order(), cleared.Removed.Order());

        Insert(tree, Common, prompt[..40]);
        tree.Clear();
        Insert(tree, Common, prompt[..20]);
        tree.Unlock(held);
        tree.Unlock(second);
        tree.CheckInvariants();
        journal.CheckInvariants();
        Assert.Equal<ulong>(PrefixBlocks.Of(null, prompt.AsSpan(0, 20), 4), journal.Read(Worker, new(0, 0, 0)).Added);
        tree.Clear();
        Assert.Empty(journal.Read(Worker, new(0, 0, 0)).Added);
    }

    [Fact]
    public void A_page_that_comes_again_has_gone_first_for_whoever_knew_it()
    {
        var journal = Journal(4);
        var tree = Tree(journal, 4, capacity: 10);
        Insert(tree, Common, [1, 2, 3, 4]);
        var known = journal.Read(Worker, new(0, 0, 0));

        tree.Clear();
        Insert(tree, Common, [1, 2, 3, 4]);

        var gone = journal.Read(Worker, new(known.Epoch, known.Version, known.Version), most: 1);
        var come = journal.Read(Worker, new(known.Epoch, gone.Version, gone.Version), most: 1);
        Assert.Equal((known.Added.Single(), 0), (gone.Removed.Single(), gone.Added.Length));
        Assert.Equal((known.Added.Single(), 0), (come.Added.Single(), come.Removed.Length));
        Assert.Equal(come.Latest, come.Version);
    }

    [Fact]
    public void A_journal_that_nobody_reads_knows_all_the_same_what_is_there_and_takes_no_more_room()
    {
        var journal = Journal(4);
        var tree = Tree(journal, 4, capacity: 8);
        for (var i = 0; i < 60_000; i++) tree.Insert(Common, [i, 1, 2, 3, i, 5, 6, 7], new int[2], new int[2]);

        journal.CheckInvariants();
        var known = journal.Read(Worker, new(0, 0, 0));

        ulong[] there = [.. Enumerable.Range(59_000, 1_000).SelectMany(i => PrefixBlocks.Of(null, [i, 1, 2, 3, i, 5, 6, 7], 4)[..(tree.Peek(Common, [i, 1, 2, 3, i, 5, 6, 7, 8]).MatchedTokens / 4)])];
        Assert.Equal(8, there.Length);
        Assert.Equal(there.Order(), known.Added.Order());
    }

    [Fact]
    public async Task It_may_be_read_while_it_is_written()
    {
        var journal = Journal(4);
        var tree = Tree(journal, 4, capacity: 64);
        var router = new Asker();
        var writing = Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++) tree.Insert(Common, [i % 300, 1, 2, 3, i % 300, 5, 6, 7], new int[2], new int[2]);
        });

        while (!writing.IsCompleted) router.Ask(journal, most: 50, isLost: false);
        await writing;
        while (router.Ask(journal, most: 50, isLost: false))
        {
        }

        var there = Enumerable.Range(0, 300).SelectMany(i => PrefixBlocks.Of(null, [i, 1, 2, 3, i, 5, 6, 7], 4)[..(tree.Peek(Common, [i, 1, 2, 3, i, 5, 6, 7, 8]).MatchedTokens / 4)]);
        Assert.True(there.ToHashSet().SetEquals(router.Known));
        journal.CheckInvariants();
    }

    private static PrefixJournal Journal(int blockTokens)
    {
        var journal = new PrefixJournal(blockTokens);
        journal.Name(Common, null);
        journal.Name(Salted, "s");
        return journal;
    }

    private static RadixTree Tree(IPrefixWatcher watcher, int pageTokens, int capacity) => new(
        new RadixTreeOptions { PageSizeTokens = pageTokens, CapacityPages = capacity, Watcher = watcher }, new Uncounted(), EvictionPolicies.Create("lru"));

    private static void Insert(RadixTree tree, KvNamespaceId space, int[] tokens)
    {
        var pages = new int[tokens.Length];
        tree.Insert(space, tokens, pages, pages);
        tree.CheckInvariants();
    }

    private sealed class Uncounted : IPageReferences
    {
        public void AddReferences(ReadOnlySpan<int> pages)
        {
        }

        public void Release(ReadOnlySpan<int> pages)
        {
        }
    }

    /// <summary>A router, as far as it asks.</summary>
    private sealed class Asker
    {
        private readonly LearnedPrefixes _learned = new();
        private TimeSpan _now;

        public HashSet<ulong> Known { get; } = [];

        /// <returns>Whether there is more to ask for.</returns>
        public bool Ask(PrefixJournal journal, int most, bool isLost)
        {
            _now += TimeSpan.FromSeconds(10);   // Long after a question that was not answered.
            if (_learned.NextQuestion(journal.Mark, _now) is not { } question) return false;
            var answer = journal.Read(Worker, question, most);
            if (isLost) return true;
            Assert.InRange(answer.Added.Length + answer.Removed.Length, 0, most);
            Assert.True(_learned.TryAccept(answer, out var isAnew));
            Assert.False(_learned.TryAccept(answer, out _));   // It came twice.
            if (isAnew) Known.Clear();
            Known.ExceptWith(answer.Removed);
            Known.UnionWith(answer.Added);
            return answer.Version < answer.Latest;
        }
    }
}
