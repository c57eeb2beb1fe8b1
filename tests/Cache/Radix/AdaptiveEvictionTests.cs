using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Traces;

namespace ActorInference.Cache.Tests.Radix;

/// <summary>The adaptive policy on work of many shapes: above the longest unused where there is something to learn, and never below.</summary>
public sealed class AdaptiveEvictionTests
{
    /// <summary>Where every document is as likely as any other, two policies differ by chance.</summary>
    private const double Chance = 0.002;

    [Theory]
    [InlineData("uniform", 400, 0.0)]
    [InlineData("uniform", 2000, 0.0)]
    [InlineData("popular", 400, 0.02)]
    [InlineData("popular", 2000, 0.02)]
    [InlineData("drifting", 1000, 0.0)]
    [InlineData("scanned", 1000, 0.02)]
    [InlineData("cycle", 2000, 0.02)]
    [InlineData("system-prompts", 400, 0.02)]
    [InlineData("agents", 1000, 0.0)]
    [InlineData("agents", 4000, 0.0)]
    public void It_finds_at_least_what_the_longest_unused_first_finds(string shape, int blocks, double gain)
    {
        for (var seed = 1; seed <= 2; seed++)
        {
            var trace = new SyntheticTrace(seed).Make(shape);

            var lru = TraceReplay.Run(trace, "lru", blocks).HitRate;
            var adaptive = TraceReplay.Run(trace, "adaptive", blocks).HitRate;

            Assert.True(adaptive >= lru + gain - Chance, $"{shape}, seed {seed}, {blocks} blocks: {adaptive:0.0000} found; the longest unused first finds {lru:0.0000}");
        }
    }

    /// <summary>Pauses without memory and answers of a coin's throw: what was learned finds less, so it is not followed.</summary>
    [Theory]
    [InlineData(1000)]
    [InlineData(5000)]
    public void Where_there_is_nothing_to_learn_the_longest_unused_goes(int blocks)
    {
        var trace = new SyntheticTrace(1).Make("chats");

        var lru = TraceReplay.Run(trace, "lru", blocks);
        var learned = TraceReplay.Run(trace, "learned", new LearnedEviction(), blocks);
        var adaptive = TraceReplay.Run(trace, "adaptive", blocks);

        Assert.True(learned.HitRate < lru.HitRate, $"{blocks} blocks: {learned.HitRate:0.0000} found by what was learned, {lru.HitRate:0.0000} by the longest unused");
        Assert.True(adaptive.HitRate >= lru.HitRate, $"{blocks} blocks: {adaptive.HitRate:0.0000} found, {lru.HitRate:0.0000} by the longest unused");
    }

    [Fact]
    public void A_replay_repeats_itself()
    {
        var trace = new SyntheticTrace(3).Make("chats");

        Assert.Equal(TraceReplay.Run(trace, "adaptive", 1000), TraceReplay.Run(trace, "adaptive", 1000));
    }

    [Fact]
    public void It_does_not_look_ahead()
    {
        // Found of each request is decided before the next is read: the trace is taken one request at a time.
        var trace = new SyntheticTrace(4).Make("chats");
        var read = 0;
        IEnumerable<TraceRequest> Lazily(int count)
        {
            foreach (var request in trace.Take(count))
            {
                read++;
                yield return request;
            }
        }

        var whole = TraceReplay.Run(Lazily(2_000), "adaptive", 1_000);

        Assert.Equal(2_000, read);
        Assert.Equal(TraceReplay.Run(trace[..2_000], "adaptive", 1_000), whole);
    }

    [Fact]
    public void The_tree_stays_whole_under_it()
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var random = new Random(seed);
            var pages = new CountedPages();
            var tree = new RadixTree(new RadixTreeOptions { PageSizeTokens = 2, CapacityPages = 40 }, pages, new AdaptiveEviction());
            var held = new List<PrefixLock>();
            for (var step = 0; step < 400; step++)
            {
                var tokens = Enumerable.Range(0, random.Next(2, 30)).Select(_ => random.Next(2)).ToArray();
                var match = tree.Match(new KvNamespaceId(0, (ulong)random.Next(2)), tokens, new int[tokens.Length]);
                var rest = tokens[match.MatchedTokens..];
                var own = pages.Take(rest.Length / 2);
                tree.Extend(match.Lock, rest, own, new int[own.Length]);
                pages.Release(own);
                held.Add(match.Lock);
                if (held.Count > 3) Unlock(random.Next(held.Count));
                if (random.Next(10) == 0) tree.Evict(random.Next(1, 8));
                tree.CheckInvariants();
            }

            while (held.Count > 0) Unlock(0);
            tree.Clear();
            Assert.Empty(pages.References);

            void Unlock(int index)
            {
                tree.Unlock(held[index]);
                held.RemoveAt(index);
            }
        }
    }
}
