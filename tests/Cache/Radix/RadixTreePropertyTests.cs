using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix;
using ActorInference.Cache.Radix.Eviction;

namespace ActorInference.Cache.Tests.Radix;

/// <summary>Random requests against a tree and a naive cache; after each operation they hold the same pages for the same prefixes.</summary>
public sealed class RadixTreePropertyTests
{
    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        // The adaptive policy draws lots, so the naive cache cannot foretell it; it has tests of its own.
        foreach (var policy in EvictionPolicies.Names.Where(static name => name != "adaptive"))
        {
            for (var seed = 1; seed <= 12; seed++) cases.Add(policy, seed);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_tree_answers_holds_and_evicts_as_the_naive_cache_does(string policy, int seed)
    {
        var run = new Run(policy, seed);
        var step = 0;
        try
        {
            for (; step < 800; step++) run.Step();
            run.End();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Policy {policy}, seed {seed}, step {step}: {failure.Message}", failure);
        }
    }

    private sealed class Run
    {
        private const int TextPages = 8;

        private static readonly string[] Spaces = ["a", "b"];

        private readonly Random _random;
        private readonly CountedPages _pages = new();
        private readonly RadixTree _tree;
        private readonly NaiveCache _naive;
        private readonly List<(PrefixLock Lock, NaiveCache.Hold Hold)> _held = [];
        private readonly Dictionary<int, int> _mine = [];
        private readonly int[][] _texts;
        private readonly int _pageSize;

        public Run(string policy, int seed)
        {
            _random = new Random(seed);
            _pageSize = _random.Next(1, 4);
            _texts = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, TextPages * _pageSize).Select(_ => _random.Next(2)).ToArray())];
            var capacity = _random.Next(4, 60);
            _tree = new RadixTree(
                new RadixTreeOptions { PageSizeTokens = _pageSize, CapacityPages = capacity }, _pages, EvictionPolicies.Create(policy));
            _naive = new NaiveCache(_pageSize, capacity, policy);
        }

        public void Step()
        {
            switch (_random.Next(20))
            {
                case < 5: Match(); break;
                case < 11: Extend(); break;
                case < 13: Insert(); break;
                case < 17: Unlock(); break;
                case < 19: Evict(); break;
                default: if (_random.Next(12) == 0) Clear(); else Peek(); break;
            }

            Compare();
        }

        public void End()
        {
            while (_held.Count > 0) Unlock();
            Clear();
            Compare();
            Assert.Equal(0, _tree.CachedPages);
            foreach (var (page, count) in _mine) _pages.Release([.. Enumerable.Repeat(page, count)]);
            Assert.Empty(_pages.References);
        }

        private void Match()
        {
            var (space, tokens, priority) = (Space(), Tokens(), _random.Next(3));
            var found = new int[tokens.Length];
            var match = _tree.Match(Id(space), tokens, found, priority);
            var hold = _naive.Match(space, tokens, priority);

            Assert.Equal(hold.Path.Select(entry => entry.Page), found.Take(match.PageCount));
            Assert.Equal(hold.Tokens.Count, match.MatchedTokens);
            _held.Add((match.Lock, hold));
        }

        private void Extend()
        {
            if (_held.Count == 0) return;
            var (held, hold) = _held[_random.Next(_held.Count)];
            var tokens = Tokens();
            var pages = _pages.Take(tokens.Length / _pageSize);
            var cached = new int[pages.Length];
            var covered = hold.Path.Count;
            var insert = _tree.Extend(held, tokens, pages, cached);
            var (present, inserted) = _naive.Extend(hold, tokens, pages);

            Assert.Equal(new PrefixInsert(present, inserted, hold.Path.Count * _pageSize), insert);
            Assert.Equal(hold.Path.Skip(covered).Take(present).Select(entry => entry.Page), cached.Take(present));
            KeepOrRelease(pages);
        }

        private void Insert()
        {
            var (space, tokens, priority) = (Space(), Tokens(), _random.Next(3));
            var pages = _pages.Take(tokens.Length / _pageSize);
            var hold = new NaiveCache.Hold { Space = space, Priority = priority };
            var insert = _tree.Insert(Id(space), tokens, pages, new int[pages.Length], priority);
            var (present, inserted) = _naive.Extend(hold, tokens, pages);
            _naive.Unlock(hold);

            Assert.Equal(new PrefixInsert(present, inserted, 0), insert);
            KeepOrRelease(pages);
        }

        private void Unlock()
        {
            if (_held.Count == 0) return;
            var index = _random.Next(_held.Count);
            _tree.Unlock(_held[index].Lock);
            _naive.Unlock(_held[index].Hold);
            _held.RemoveAt(index);
        }

        private void Evict()
        {
            var wanted = _random.Next(1, 5);
            Assert.Equal(_naive.Evict(wanted).Count, _tree.Evict(wanted));
        }

        private void Peek()
        {
            var (space, tokens) = (Space(), Tokens());
            var found = _naive.Find(space, tokens, Math.Max(0, tokens.Length - 1) / _pageSize);

            Assert.Equal(
                new PrefixPeek(found.Count * _pageSize, found.Count, found.Count(entry => entry.Locks == 0)), _tree.Peek(Id(space), tokens));
        }

        private void Clear()
        {
            _tree.Clear();
            _naive.Clear(_held.Select(held => held.Hold));
        }

        /// <summary>The tree's references are those of the naive cache's pages, so it evicted just the same ones.</summary>
        private void Compare()
        {
            _tree.CheckInvariants();
            Assert.Equal(_naive.Count, _tree.CachedPages);
            Assert.Equal(_naive.Evictable, _tree.EvictablePages);
            var expected = new Dictionary<int, int>(_mine);
            foreach (var entry in _naive.Held) expected[entry.Page] = expected.GetValueOrDefault(entry.Page) + 1;
            Assert.Equal(expected.OrderBy(pair => pair.Key), _pages.References.OrderBy(pair => pair.Key));
        }

        private void KeepOrRelease(int[] pages)
        {
            foreach (var page in pages)
            {
                if (_random.Next(10) == 0) _mine[page] = 1;
                else _pages.Release([page]);
            }
        }

        private string Space() => Spaces[_random.Next(Spaces.Length)];

        /// <summary>Few different tokens, or the beginning of one of few texts, so that prefixes are often shared and edges are long.</summary>
        private int[] Tokens()
        {
            if (_random.Next(2) == 0) return [.. _texts[_random.Next(_texts.Length)].Take(_random.Next(TextPages * _pageSize))];
            var tokens = new int[_random.Next(0, 8 * _pageSize)];
            var run = _random.Next(2);
            for (var i = 0; i < tokens.Length; i++)
            {
                if (_random.Next(6) == 0) run = _random.Next(2);
                tokens[i] = run;
            }

            return tokens;
        }

        private static KvNamespaceId Id(string space) => new(0, space[0]);
    }
}
