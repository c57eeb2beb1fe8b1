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
        for (var step = 0; step < 3000; step++)
        {
            if (random.Next(400) == 0)
            {
                journal.Reset();
                plain.Reset();
            }
            else
            {
                var names = Enumerable.Range(0, random.Next(1, 40)).Select(_ => (ulong)random.Next(100)).ToArray();
                var isRemoval = random.Next(2) == 0;
                Tell(journal, names, isRemoval);
                foreach (var name in names) plain.Tell(name, isRemoval);
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
        var names = Enumerable.Range(1, Names).Select(i => (ulong)i * 0x9E3779B97F4A7C15).ToArray();
        for (var from = 0; from < Names; from += 1000)
        {
            Tell(journal, names[from..(from + 1000)], isRemoval: false);
            ulong[] gone = [.. names[from..(from + 1000)].Where((_, i) => (from + i) % Left != 0)];
            Tell(journal, gone, isRemoval: true);
            foreach (var name in names[from..(from + 1000)]) plain.Tell(name, isRemoval: false);
            foreach (var name in gone) plain.Tell(name, isRemoval: true);
        }

        journal.CheckInvariants();
        var now = plain.Version;
        Assert.Equal(now, journal.Mark.Version);
        for (var since = 0L; since <= now; since += 4999) AssertAlike(journal, plain, new RouterProtocol.GetPrefixes(journal.Mark.Epoch, since, now), most: 20, $"Since {since}");
    }

    [Fact]
    public void As_many_removals_are_remembered_as_there_are_names()
    {
        var journal = new PrefixJournal(BlockTokens, mostRemovals: 1);
        var names = Enumerable.Range(1, 3000).Select(i => (ulong)i).ToArray();
        Tell(journal, names, isRemoval: false);
        var known = journal.Mark;

        Tell(journal, names[..1500], isRemoval: true);
        var answer = journal.Read(Worker, new(known.Epoch, known.Version, known.Version));
        Assert.False(answer.IsAnew);
        Assert.Equal(names[..1500], answer.Removed);

        Tell(journal, names[1500..1501], isRemoval: true);   // More have gone now than are there.
        Assert.True(journal.Read(Worker, new(known.Epoch, known.Version, known.Version)).IsAnew);
        journal.CheckInvariants();
    }

    private static void Tell(PrefixJournal journal, ulong[] names, bool isRemoval)
    {
        var run = new PrefixRun { Position = 0, PageSizeTokens = BlockTokens, Before = 0, Names = names, Tokens = [] };
        if (isRemoval) journal.Removed(run);
        else journal.Added(run);
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
        private readonly Dictionary<ulong, (long Version, int Count)> _held = [];
        private readonly List<(ulong Name, long Version)> _removed = [];
        private long _forgotten;

        public long Version { get; private set; }

        public void Tell(ulong name, bool isRemoval)
        {
            var isHeld = _held.TryGetValue(name, out var held);
            if (!isRemoval)
            {
                _held[name] = isHeld ? (held.Version, held.Count + 1) : (++Version, 1);
            }
            else if (held.Count > 1)
            {
                _held[name] = (held.Version, held.Count - 1);
            }
            else if (isHeld)
            {
                _held.Remove(name);
                while (_removed.Count >= Math.Max(mostRemovals, _held.Count))
                {
                    _forgotten = _removed[0].Version;
                    _removed.RemoveAt(0);
                }

                _removed.Add((name, ++Version));
            }
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
            var changes = _held.Where(pair => pair.Value.Version > since).Select(pair => (Name: pair.Key, pair.Value.Version, IsRemoval: false))
                .Concat(_removed.Where(each => since > 0 && each.Version > since).Select(each => (each.Name, each.Version, IsRemoval: true)))
                .OrderBy(change => change.Version);
            var (added, removed, version) = (new List<ulong>(), new List<ulong>(), Version);
            foreach (var change in changes)
            {
                if (added.Count + removed.Count == most)
                {
                    version = change.Version - 1;
                    break;
                }

                if (!change.IsRemoval) added.Add(change.Name);
                else if (!_held.ContainsKey(change.Name)) removed.Add(change.Name);
            }

            return (added, removed, version, isAnew);
        }
    }
}
