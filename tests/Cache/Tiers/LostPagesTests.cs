using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tests.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>Pages that the storage tier had and has lost are stored again when they are used, and nothing is done in vain again and again.</summary>
public sealed class LostPagesTests
{
    private const int PageSize = 4;

    private static readonly KvNamespaceId Space = new(1, 2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly StorageTierOptions Eager = new() { MinTokens = 1, PrefetchShare = 1, FirstPause = TimeSpan.FromTicks(1), LongestPause = TimeSpan.FromTicks(1) };

    [Fact]
    public async Task What_is_lost_is_written_again_when_it_is_used_and_what_is_not_is_only_asked_for()
    {
        var storage = new MemoryStorage();
        using var worker = new Worker(new ManualTime(), capacity: 64);
        await using var tier = worker.Attach(storage, Eager);
        var chain = worker.Chain(pages: 8, seed: 1);
        await worker.UseAsync(tier, chain);
        Assert.Equal((8, 0, 1), (storage.Count, storage.Queries, storage.Puts));

        await worker.UseAsync(tier, chain);
        Assert.Equal((0, 1), (storage.Queries, storage.Puts));   // It is known to be there.

        storage.Alarm();
        await worker.UseAsync(tier, chain);
        await worker.UseAsync(tier, chain);
        Assert.Equal((1, 1, 8L), (storage.Queries, storage.Puts, tier.Counts.Written));

        storage.Lose();
        await worker.UseAsync(tier, chain);
        Assert.Equal((8, 2, 2, 16L), (storage.Count, storage.Queries, storage.Puts, tier.Counts.Written));
    }

    [Fact]
    public async Task What_a_worker_has_only_in_host_memory_is_stored_again_when_a_prompt_asks_for_it()
    {
        var storage = new MemoryStorage();
        using var worker = new Worker(new ManualTime(), capacity: 64);
        await using var tier = worker.Attach(storage, Eager);
        var chain = worker.Chain(pages: 8, seed: 1);
        await worker.UseAsync(tier, chain);
        storage.Lose();

        Assert.Null(tier.Begin(Space, chain.Tokens, cachedTokens: 0, secondsPerToken: 1));   // All is here.
        await UntilWrittenAsync(tier);

        Assert.Equal(8, storage.Count);
    }

    [Fact]
    public async Task What_has_been_stored_for_long_is_asked_for_once_more()
    {
        var time = new ManualTime();
        var storage = new MortalStorage(stores: 1);
        using var worker = new Worker(time, capacity: 64);
        await using var tier = worker.Attach(storage, Eager with { RecheckAfter = TimeSpan.FromSeconds(60) });
        var chain = worker.Chain(pages: 8, seed: 1);
        await worker.UseAsync(tier, chain);
        storage.Evict(new Random(1), share: 1);

        await worker.UseAsync(tier, chain);
        Assert.DoesNotContain(chain.Keys, storage.Has);
        time.Advance(TimeSpan.FromSeconds(61));
        await worker.UseAsync(tier, chain);

        Assert.All(chain.Keys, key => Assert.True(storage.Has(key)));
    }

    [Fact]
    public async Task What_is_said_right_after_a_loss_is_not_believed_for_long()
    {
        var time = new ManualTime();
        var storage = new MortalStorage(stores: 2);
        using var worker = new Worker(time, capacity: 64);
        await using var tier = worker.Attach(storage, Eager with { RecheckAfter = TimeSpan.FromHours(1), SettleAfter = TimeSpan.FromSeconds(5) });
        var chain = worker.Chain(pages: 8, seed: 1);
        await worker.UseAsync(tier, chain);
        storage.Alarm();
        await worker.UseAsync(tier, chain);   // It says that it has them.
        storage.Evict(new Random(1), share: 1);

        time.Advance(TimeSpan.FromSeconds(4));
        await worker.UseAsync(tier, chain);
        Assert.DoesNotContain(chain.Keys, storage.Has);
        time.Advance(TimeSpan.FromSeconds(2));
        await worker.UseAsync(tier, chain);

        Assert.All(chain.Keys, key => Assert.True(storage.Has(key)));
    }

    [Fact]
    public async Task A_storage_without_room_is_not_offered_the_same_again_and_again()
    {
        var time = new ManualTime();
        var storage = new MortalStorage(stores: 1);
        using var worker = new Worker(time, capacity: 64);
        await using var tier = worker.Attach(storage, Eager with { FirstPause = TimeSpan.FromSeconds(10), LongestPause = TimeSpan.FromSeconds(10) });
        var chain = worker.Chain(pages: 8, seed: 1);
        await worker.UseAsync(tier, chain);
        storage.Kill(0);
        await worker.UseAsync(tier, chain);
        var calls = storage.Calls;

        for (var i = 0; i < 100; i++) await worker.UseAsync(tier, chain);
        Assert.Equal(calls, storage.Calls);

        storage.Revive(0);
        time.Advance(TimeSpan.FromSeconds(11));
        await worker.UseAsync(tier, chain);
        Assert.All(chain.Keys, key => Assert.True(storage.Has(key)));
    }

    [Fact]
    public async Task A_page_that_rotted_here_is_not_stored_and_comes_anew_from_the_device()
    {
        var storage = new MortalStorage(stores: 1);
        storage.Kill(0);
        using var worker = new Worker(new ManualTime(), capacity: 64);
        await using var tier = worker.Attach(storage, Eager);
        var chain = worker.Chain(pages: 8, seed: 1);
        await worker.UseAsync(tier, chain);
        worker.Flip(chain.Pages[3]);
        storage.Revive(0);

        await worker.UseAsync(tier, chain);
        Assert.Equal((3, 1L), (chain.Keys.TakeWhile(storage.Has).Count(), worker.Host.Counts.Rotten));
        await worker.UseAsync(tier, chain);

        Assert.All(chain.Keys, key => Assert.True(storage.Has(key)));
        worker.Host.CheckInvariants();
    }

    [Fact]
    public async Task Whatever_stores_lose_what_is_held_and_used_becomes_stored_again_with_few_pages_under_way()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            try
            {
                await new LossRun(seed).PlayAsync();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }
        }
    }

    [Fact]
    public async Task Pages_of_a_real_store_that_dies_are_stored_in_another_when_they_are_used()
    {
        await using var system = new StoreSystem();
        var first = await system.AddStoreAsync(0);
        using var host = new HostPool(new HostMemory(StoreSystem.Layout, 64), EvictionPolicies.Create("lru"), TierWritePolicy.WriteThrough, TimeProvider.System);
        await using var tier = new StorageTier(host, Eager, TimeProvider.System);
        tier.Attach(system.Client);
        var pages = system.Fill(10, seed: 1);
        var keys = new KvPageKey[10];
        KvPageKey.Chain(Space, [.. Enumerable.Range(0, 10 * StoreSystem.Layout.PageSizeTokens)], StoreSystem.Layout.PageSizeTokens, keys);
        var run = new PageRun(Space, 0, default, [.. keys]);
        await UntilStoredAsync();

        await system.AddStoreAsync(1);
        await system.KillAsync(first);
        await StoreSystem.UntilAsync("its death is known", async () => await system.Client.FindLeadingAsync(run, CancellationToken.None) == 0);
        foreach (var key in keys) await StoreSystem.UntilAsync("all shards know", async () => await FindAsync(key) == 0);
        await UntilStoredAsync();

        Assert.Equal(10, await system.Client.GetAsync(run, system.Pool, system.Allocate(10), CancellationToken.None));

        async Task<int> FindAsync(KvPageKey key) => await system.Client.FindLeadingAsync(run with { Keys = [key] }, CancellationToken.None);

        Task UntilStoredAsync() => StoreSystem.UntilAsync("the pages are stored", async () =>
        {
            host.Offer(Space, keys, 0, 0, system.Pool, pages);
            await tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);
            return await system.Client.FindLeadingAsync(run, CancellationToken.None) == 10;
        });
    }

    private static async Task UntilWrittenAsync(StorageTier tier)
    {
        var started = Stopwatch.GetTimestamp();
        while (tier.WritingPages > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Limit, "Pages are being written for ever.");
            await Task.Yield();
        }
    }

    /// <summary>Pages that continue each other, on the device.</summary>
    private sealed record PageChain(int[] Tokens, KvPageKey[] Keys, int[] Pages);

    /// <summary>A device and its host pool.</summary>
    private sealed class Worker(ManualTime time, int capacity, TierWritePolicy write = TierWritePolicy.WriteThrough) : IDisposable
    {
        private readonly KvPagePool _device = ScriptedRunner.Pool(64);
        private readonly ManualTime _time = time;

        public HostPool Host { get; } = new(new HostMemory(ScriptedRunner.Layout(PageSize), capacity), EvictionPolicies.Create("lru"), write, time);

        public StorageTier Attach(IPageStorage storage, StorageTierOptions options)
        {
            var tier = new StorageTier(Host, options, _time);
            tier.Attach(storage);
            return tier;
        }

        public PageChain Chain(int pages, int seed)
        {
            var random = new Random(seed);
            var tokens = Enumerable.Range(0, pages * PageSize + 1).Select(_ => random.Next(64)).ToArray();
            var keys = new KvPageKey[pages];
            KvPageKey.Chain(Space, tokens.AsSpan(0, pages * PageSize), PageSize, keys);
            var taken = HostPoolTests.Take(_device, pages);
            foreach (var page in taken) random.NextBytes(_device.Bytes(page).Span);
            return new PageChain(tokens, keys, taken);
        }

        /// <summary>A request that finds all of it on the device.</summary>
        public void Use(PageChain chain)
        {
            var mark = Host.Observe(Space, chain.Tokens);
            Host.Offer(Space, chain.Keys, 0, mark, _device, chain.Pages);
            Host.Demote(_device, chain.Pages);
        }

        public async Task UseAsync(StorageTier tier, PageChain chain)
        {
            Use(chain);
            await UntilWrittenAsync(tier);
        }

        /// <summary>Turns a bit of the host's copy of a page.</summary>
        public void Flip(int page)
        {
            var own = Enumerable.Range(0, Host.CapacityPages).First(own => Host.Memory.Bytes(own).Span.SequenceEqual(_device.Bytes(page).Span));
            Host.Memory.Bytes(own).Span[7] ^= 0x10;
        }

        public void Dispose()
        {
            Host.Dispose();
            _device.Dispose();
        }
    }

    /// <summary>A worker's requests while stores die, come back with nothing, and give up pages without a word.</summary>
    private sealed class LossRun(int seed)
    {
        private const int Stores = 3;
        private const int Steps = 80;
        private const int Capacity = 64;
        private const int LongestChain = 10;

        private readonly Random _random = new(seed);
        private readonly ManualTime _time = new();
        private readonly MortalStorage _storage = new(Stores);

        public async Task PlayAsync()
        {
            using var worker = new Worker(_time, Capacity, (TierWritePolicy)_random.Next(3));
            var options = Eager with { Writers = _random.Next(1, 4), BatchPages = _random.Next(1, 6) };
            await using var tier = worker.Attach(_storage, options);
            var chains = Enumerable.Range(0, 6).Select(i => worker.Chain(_random.Next(1, LongestChain + 1), seed * 100 + i)).ToList();
            for (var step = 0; step < Steps; step++)
            {
                Disturb();
                await RequestAsync(worker, tier, chains[_random.Next(chains.Count)]);
                // A run that is alone may be as long as it is; others wait only in a part of the pool.
                Assert.InRange(tier.WritingPages, 0, Math.Max(Capacity / 4, LongestChain));
                if (_random.Next(4) == 0) await UntilWrittenAsync(tier);
            }

            await RecoverAsync(worker, tier, chains);
            Assert.InRange(_storage.MostUnderWay, 1, options.Writers * options.BatchPages);
            await tier.DisposeAsync();
            worker.Host.CheckInvariants();
        }

        private void Disturb()
        {
            _time.Advance(TimeSpan.FromSeconds(_random.Next(5)));
            switch (_random.Next(8))
            {
                case 0:
                    _storage.Kill(_random.Next(Stores));
                    break;
                case 1:
                    _storage.Revive(_random.Next(Stores));
                    break;
                case 2:
                    _storage.Evict(_random, share: 0.3);
                    break;
                default:
                    break;
            }
        }

        private async Task RequestAsync(Worker worker, StorageTier tier, PageChain chain)
        {
            if (_random.Next(2) == 0 && tier.Begin(Space, chain.Tokens, cachedTokens: 0, secondsPerToken: 0) is { } arrival) await arrival.WaitAsync(Limit);
            worker.Use(chain);
        }

        /// <summary>All stores are back. What they have given up is known once they have been asked again.</summary>
        private async Task RecoverAsync(Worker worker, StorageTier tier, List<PageChain> chains)
        {
            for (var store = 0; store < Stores; store++) _storage.Revive(store);
            await UntilWrittenAsync(tier);
            _time.Advance(Eager.RecheckAfter);
            var started = Stopwatch.GetTimestamp();
            while (!chains.All(chain => chain.Keys.All(_storage.Has)))
            {
                Assert.True(Stopwatch.GetElapsedTime(started) < Limit, "Pages that are held and used are not stored.");
                foreach (var chain in chains) await worker.UseAsync(tier, chain);
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }
        }
    }
}
