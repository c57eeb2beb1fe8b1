using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Workers;

namespace ActorInference.Roles.Tests.Workers;

/// <summary>The journal beside a list of all changes.</summary>
public sealed class PrefixJournalModelTests
{
    private const int BlockTokens = 4;
    private static readonly WorkerId Worker = new("prefill-0");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Whatever_comes_and_goes_and_is_asked_it_answers_as_a_list_of_changes_does(int seed)
    {
        var random = new Random(seed);
        var mostRemovals = random.Next(1, 30);
        var (journal, plain) = (new PrefixJournal(BlockTokens, mostRemovals), new PlainJournal(mostRemovals));
        for (var step = 0; step < 1500; step++)
        {
            if (random.Next(400) == 0)
            {
                journal.Reset();
                plain.Reset();
            }
            else
            {
                int[] places = [.. Enumerable.Range(0, 100).Where(_ => random.Next(8) == 0)];
                random.Shuffle(places);
                Remove(journal, plain, [.. places.Where(plain.Has)]);
                Add(journal, plain, [.. places.Where((place, i) => i % 2 == 0 && !plain.Has(place)).Select(place => (place, (ulong)(place + 1000 * random.Next(2))))]);
            }

            journal.CheckInvariants();
            var (since, most) = (random.NextInt64(plain.Version + 2), random.Next(1, 60));
            AssertAlike(journal, plain, new RouterProtocol.GetPrefixes(journal.Mark.Epoch, since, Math.Max(since, random.NextInt64(plain.Version + 1))), most, $"Seed {seed}, step {step}");
        }
    }

    [Fact]
    public void What_is_left_of_long_ago_is_found_by_every_version_however_little_that_is()
    {
        const int Names = 200_000;
        const int Left = 1500;   // One of so many stays.
        var (journal, plain) = (new PrefixJournal(BlockTokens, 100), new PlainJournal(100));
        for (var from = 0; from < Names; from += 1000)
        {
            int[] places = [.. Enumerable.Range(from, 1000)];
            Add(journal, plain, [.. places.Select(place => (place, (ulong)place))]);
            Remove(journal, plain, [.. places.Where(place => place % Left != 0)]);
        }

        journal.CheckInvariants();
        var now = plain.Version;
        Assert.Equal(now, journal.Mark.Version);
        for (var since = 0L; since <= now; since += 4999) AssertAlike(journal, plain, new RouterProtocol.GetPrefixes(journal.Mark.Epoch, since, now), most: 20, $"Since {since}");
    }

    [Fact]
    public void As_many_removals_are_remembered_as_there_are_names()
    {
        var (journal, plain) = (new PrefixJournal(BlockTokens, mostRemovals: 1), new PlainJournal(1));
        int[] places = [.. Enumerable.Range(0, 3000)];
        Add(journal, plain, [.. places.Select(place => (place, (ulong)place))]);
        var known = journal.Mark;

        Remove(journal, plain, places[..1500]);
        var answer = journal.Read(Worker, new(known.Epoch, known.Version, known.Version));
        Assert.False(answer.IsAnew);
        Assert.Equal(places[..1500].Select(place => (ulong)place), answer.Removed);

        Remove(journal, plain, [1500]);   // More have gone now than are there.
        Assert.True(journal.Read(Worker, new(known.Epoch, known.Version, known.Version)).IsAnew);
        journal.CheckInvariants();
    }

    [Fact]
    public void A_page_that_comes_where_one_is_or_goes_where_none_is_is_a_fault()
    {
        var (journal, plain) = (new PrefixJournal(BlockTokens), new PlainJournal(1));
        Add(journal, plain, [(3, 7)]);

        Assert.Throws<InvalidOperationException>(() => Add(journal, plain, [(3, 8)]));
        Assert.Throws<InvalidOperationException>(() => Remove(journal, plain, [4]));
        Assert.Throws<InvalidOperationException>(() => Remove(journal, plain, [4000]));
    }

    private static void Add(PrefixJournal journal, PlainJournal plain, (int Place, ulong Name)[] pages)
    {
        ulong[] names = [.. pages.Select(page => page.Name)];
        journal.Added(new PrefixRun
        {
            Position = BlockTokens, PageSizeTokens = BlockTokens, Places = [.. pages.Select(page => page.Place)], Before = 0, Names = names, Tokens = [],
        });
        foreach (var (place, name) in pages) plain.Add(place, name);
    }

    private static void Remove(PrefixJournal journal, PlainJournal plain, int[] places)
    {
        journal.Removed(BlockTokens, BlockTokens, places);
        foreach (var place in places) plain.Remove(place);
    }

    private static void AssertAlike(PrefixJournal journal, PlainJournal plain, RouterProtocol.GetPrefixes question, int most, string when)
    {
        var answer = journal.Read(Worker, question, most);
        var (added, removed, version, isAnew) = plain.Read(question, most);
        Assert.True(isAnew == answer.IsAnew, when);
        Assert.True(added.SequenceEqual(answer.Added), $"{when}: {added.Count} came, not {answer.Added.Length}.");
        Assert.True(removed.SequenceEqual(answer.Removed), $"{when}: {removed.Count} went, not {answer.Removed.Length}.");
        Assert.True((version, plain.Version) == (answer.Version, answer.Latest), $"{when}: up to {version}, not {answer.Version}.");
    }

    private sealed class PlainJournal(int mostRemovals)
    {
        private readonly Dictionary<int, (ulong Name, long Version)> _held = [];
        private readonly List<(ulong Name, long Version)> _removed = [];
        private long _forgotten;

        public long Version { get; private set; }

        public bool Has(int place) => _held.ContainsKey(place);

        public void Add(int place, ulong name) => _held.Add(place, (name, ++Version));

        public void Remove(int place)
        {
            _held.Remove(place, out var gone);
            while (_removed.Count >= Math.Max(mostRemovals, _held.Count))
            {
                _forgotten = _removed[0].Version;
                _removed.RemoveAt(0);
            }

            _removed.Add((gone.Name, ++Version));
        }

        public void Reset()
        {
            _held.Clear();
            _removed.Clear();
            _forgotten = ++Version;
        }

        public (List<ulong> Added, List<ulong> Removed, long Version, bool IsAnew) Read(RouterProtocol.GetPrefixes question, int most)
        {
            var isAnew = question.AsOf < _forgotten || question.Since > Version;
            var since = isAnew ? 0 : question.Since;
            var changes = _held.Values.Where(held => held.Version > since).Select(held => (held.Name, held.Version, IsRemoval: false))
                .Concat(_removed.Where(each => since > 0 && each.Version > since).Select(each => (each.Name, each.Version, IsRemoval: true)))
                .OrderBy(change => change.Version).ToList();
            var told = changes[..Math.Min(most, changes.Count)];
            return (
                [.. told.Where(change => !change.IsRemoval).Select(change => change.Name)],
                [.. told.Where(change => change.IsRemoval).Select(change => change.Name)],
                told.Count < changes.Count ? changes[told.Count].Version - 1 : Version,
                isAnew);
        }
    }
}
