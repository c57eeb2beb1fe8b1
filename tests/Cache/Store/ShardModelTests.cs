using System.Collections.Immutable;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>A shard beside a model that is a dictionary, through thousands of random steps with stores that come and go.</summary>
public sealed class ShardModelTests
{
    private const int Stores = 4;
    private const int PageKeys = 60;
    private const int Capacity = 40 * 1024;

    private sealed record Expected(HashSet<string> Stores, long LeaseUntil, bool HardPin);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void The_shard_does_what_the_model_does(int seed)
    {
        var run = new Run(seed);
        for (var step = 0; step < 5_000; step++) run.Step(step);
        run.CheckReplay();
    }

    private sealed class Run
    {
        private readonly Random _random;
        private readonly ShardBench _shard = new(new CacheShardOptions { Buckets = 1, HotReadsPerSecond = 0 });
        private readonly Dictionary<int, Expected> _model = [];
        private readonly Dictionary<int, (PutPlace Place, bool HardPin, long Started)> _puts = [];
        private readonly HashSet<int> _mounted = [];
        private readonly int _seed;
        private string _where = "";

        public Run(int seed)
        {
            (_seed, _random) = (seed, new Random(seed));
            for (var i = 0; i < Stores; i++) Mount(i);
        }

        public void Step(int step)
        {
            _where = $"seed {_seed}, step {step}";
            _shard.Now += _random.Next(0, 400);
            var key = _random.Next(PageKeys);
            switch (_random.Next(100))
            {
                case < 30: Start(key); break;
                case < 55: End(); break;
                case < 70: Read(key); break;
                case < 80: Remove(key, force: _random.Next(4) == 0); break;
                case < 84: Revoke(); break;
                case < 88: Break(key); break;
                case < 91: Evict(); break;
                case < 93: Toggle(_random.Next(Stores)); break;
                case < 96: Copy(); break;
                default: _shard.ReportStores(); Reconcile(); break;
            }

            Check();
        }

        /// <summary>A shard that was made of the journal alone is the same.</summary>
        public void CheckReplay()
        {
            var replayed = _shard.Replay().ToSnapshot();
            Assert.Equal(Text(_shard.State.ToSnapshot()), Text(replayed));
        }

        private static string Text(CacheShardEvents.ShardSnapshot snapshot) => string.Join('\n', snapshot.Pages.SelectMany(pages => pages.Pages.Select(record =>
            $"{record.Page.Key} {record.Checksum} {pages.HardPin} {string.Join(',', record.Replicas.Select(replica => $"{replica.Store}/{replica.Slot}").Order(StringComparer.Ordinal))}")).Order(StringComparer.Ordinal));

        private void Start(int key)
        {
            var hardPin = _random.Next(20) == 0;
            var place = _shard.Start(Keys.Page(key), Keys.Plain with { Replicas = _random.Next(1, 4), HardPin = hardPin });
            var isUnderWay = _puts.TryGetValue(key, out var put) && _shard.Now - put.Started < 30_000;
            if (_model.ContainsKey(key) || isUnderWay) Assert.True(place.Outcome == CacheOutcome.AlreadyExists, $"{_where}: {key} is {place.Outcome}.");
            else if (place.Outcome == CacheOutcome.Done) _puts[key] = (place, hardPin, _shard.Now);
            else
            {
                Assert.True(place.Outcome == CacheOutcome.NoSpace, $"{_where}: {key} is {place.Outcome}.");
                _puts.Remove(key);   // One that had lasted too long has made way.
            }

            if (place.Outcome == CacheOutcome.Done) Assert.Equal(place.Stores.Distinct(), place.Stores);
        }

        private void End()
        {
            if (_puts.Count == 0) return;
            var (key, (place, hardPin, _)) = _puts.ElementAt(_random.Next(_puts.Count));
            _puts.Remove(key);
            var replicas = place.Stores.Where(store => _mounted.Contains(Number(store.Value))).Select(store => _shard.Allocate(store, 1024)).OfType<Replica>().ToImmutableArray();
            var outcome = _shard.End(Keys.Key(key), replicas);
            Assert.True(outcome == (replicas.IsEmpty ? CacheOutcome.NoSpace : CacheOutcome.Done), $"{_where}: {outcome}");
            if (!replicas.IsEmpty) _model.Add(key, new Expected([.. replicas.Select(replica => replica.Store.Value)], 0, hardPin));
        }

        private void Revoke()
        {
            if (_puts.Count == 0) return;
            var key = _puts.Keys.ElementAt(_random.Next(_puts.Count));
            _puts.Remove(key);
            Assert.Equal(CacheOutcome.Done, _shard.State.Decide(new PutRevoke(0, Keys.Tenant, Keys.Writer, Keys.Of(key))).Pages[0]);
        }

        private void Read(int key)
        {
            var found = _shard.Get(key);
            Assert.Equal(_model.ContainsKey(key), found.Outcome == CacheOutcome.Done);
            if (_model.TryGetValue(key, out var page)) _model[key] = page with { LeaseUntil = _shard.Now + 10_000 };
        }

        private void Remove(int key, bool force)
        {
            var expected = !_model.TryGetValue(key, out var page) ? _puts.ContainsKey(key) ? CacheOutcome.NotReady : CacheOutcome.NotFound
                : page.LeaseUntil > _shard.Now && !force ? CacheOutcome.Leased : CacheOutcome.Done;
            var outcome = _shard.Remove(key, force);
            Assert.True(outcome == expected, $"{_where}: removing {key} is {outcome}, not {expected}.");
            if (outcome == CacheOutcome.Done) _model.Remove(key);
        }

        private void Break(int key)
        {
            if (!_model.TryGetValue(key, out var page)) return;
            var copy = _shard.Look(key).Replicas[0];
            _shard.Do(_shard.State.Decide(new Broken(0, Keys.Tenant, Keys.Key(key), copy)));
            page.Stores.Remove(copy.Store.Value);
            if (page.Stores.Count == 0) _model.Remove(key);
        }

        private void Evict()
        {
            if (_mounted.Count == 0) return;
            _shard.Do(_shard.State.Evict(Keys.Store(_mounted.First()), _random.Next(1, 8) * 1024, _shard.Now));
            Reconcile();
        }

        /// <summary>What is gone must have been free to go.</summary>
        private void Reconcile()
        {
            foreach (var (key, page) in _model.ToList())
            {
                if (_shard.IsThere(key)) continue;
                Assert.False(page.HardPin, $"{_where}: {key} was evicted and is pinned.");
                Assert.True(page.LeaseUntil <= _shard.Now, $"{_where}: {key} was evicted and is leased.");
                _model.Remove(key);
            }
        }

        private void Toggle(int store)
        {
            if (_mounted.Remove(store))
            {
                _shard.Unmount(store);
                foreach (var (key, page) in _model.ToList())
                {
                    page.Stores.Remove(Keys.Store(store).Value);
                    if (page.Stores.Count == 0) _model.Remove(key);
                }
            }
            else
            {
                Mount(store);
            }

            Reconcile();   // The others may have been over their watermarks.
        }

        private void Copy()
        {
            _shard.RunCopies();
            foreach (var (key, page) in _model) page.Stores.UnionWith(_shard.Look(key).Replicas.Select(replica => replica.Store.Value));
        }

        private void Mount(int store)
        {
            _shard.AddStore(store, Capacity);
            _mounted.Add(store);
        }

        private void Check()
        {
            Assert.True(_model.Count == _shard.State.PageCount, $"{_where}: {_shard.State.PageCount} pages, not {_model.Count}.");
            foreach (var (key, page) in _model)
            {
                var stores = _shard.Look(key).Replicas.Select(replica => replica.Store.Value);
                Assert.True(page.Stores.SetEquals(stores), $"{_where}: {key} is in {string.Join(',', stores)}, not {string.Join(',', page.Stores)}.");
            }

            // Allocated is what lives: nothing leaks, whatever races with whatever.
            foreach (var store in _mounted)
            {
                var live = _model.Values.Count(page => page.Stores.Contains(Keys.Store(store).Value));
                Assert.True(_shard.UsedBytes(store) == 1024L * live, $"{_where}: store {store} has {_shard.UsedBytes(store)} bytes for {live} pages.");
            }
        }

        private static int Number(string store) => int.Parse(store["store-".Length..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
