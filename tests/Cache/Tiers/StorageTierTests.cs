using ActorInference.Actors.Kv;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cache.Tests.Tiers;

public sealed class StorageTierTests
{
    private const int PageSize = 4;

    private static readonly KvNamespaceId Space = new(1, 2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 8 * PageSize + 1).Select(static i => i % 64)];

    [Fact]
    public async Task Pages_that_fill_are_written_behind_and_another_process_has_them_brought()
    {
        var storage = new MemoryStorage();
        await FillAsync(storage);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(storage);

        var arrival = tier.Begin(Space, Prompt, cachedTokens: 0, secondsPerToken: 1);
        if (arrival is not null) await arrival.WaitAsync(Limit);
        await UntilAsync(() => host.Find(Keys()) == 8, "the pages are here");

        using var device = ScriptedRunner.Pool(16);
        Assert.Equal(new TierLoad(8, 8), host.Load(Keys(), 0, device, HostPoolTests.Take(device, 8)));
        Assert.Equal(new TierLoad(8, 0), host.Load(Keys(), 0, device, HostPoolTests.Take(device, 8)));
        host.CheckInvariants();
    }

    [Fact]
    public async Task A_few_batches_of_a_prompt_come_at_the_same_time()
    {
        var (storage, together, calls) = (new MemoryStorage(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);
        await FillAsync(storage);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host, Patient with { BatchPages = 2, Readers = 3 });
        tier.Attach(storage);
        storage.Before = _ =>
        {
            var call = Interlocked.Increment(ref calls);
            if (call == 1) return ValueTask.CompletedTask;   // The question how many there are.
            if (call == 4) together.SetResult();
            return new ValueTask(together.Task);
        };

        if (tier.Begin(Space, Prompt, 0, 1) is { } arrival) await arrival.WaitAsync(Limit);

        Assert.Equal((8, 3, 8L), (host.Find(Keys()), storage.MostReading, tier.Counts.Fetched));
        host.CheckInvariants();
    }

    [Fact]
    public async Task What_is_under_way_for_one_prompt_is_not_brought_a_second_time_for_another()
    {
        var (storage, opened) = (new MemoryStorage(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await FillAsync(storage);
        storage.Before = _ => new ValueTask(opened.Task);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host, Patient);
        tier.Attach(storage);

        var first = tier.Begin(Space, Prompt.AsMemory(0, 5 * PageSize + 1), 0, 0);
        var same = tier.Begin(Space, Prompt.AsMemory(0, 5 * PageSize + 1), 0, 0);
        var longer = tier.Begin(Space, Prompt, 0, 0);
        Assert.True(first is { IsCompleted: false } && same is { IsCompleted: false } && longer is { IsCompleted: false });
        opened.SetResult();
        await Task.WhenAll(first, same, longer).WaitAsync(Limit);

        Assert.Equal((8, 8L, 2), (host.Find(Keys()), tier.Counts.Fetched, storage.Queries));
        host.CheckInvariants();
    }

    [Fact]
    public async Task A_page_that_comes_broken_hides_those_after_it_and_spoils_none()
    {
        var storage = new MemoryStorage();
        await FillAsync(storage);
        storage.Flip(Keys()[3]);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host, Patient with { BatchPages = 2, Readers = 4 });
        tier.Attach(storage);

        if (tier.Begin(Space, Prompt, 0, 1) is { } arrival) await arrival.WaitAsync(Limit);

        Assert.Equal((3, 7L), (host.Find(Keys()), tier.Counts.Fetched));
        host.CheckInvariants();
    }

    [Fact]
    public async Task What_is_stored_in_part_is_used_in_part()
    {
        var storage = new MemoryStorage();
        await FillAsync(storage, pages: 5);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(storage);

        if (tier.Begin(Space, Prompt, 0, 1) is { } arrival) await arrival.WaitAsync(Limit);
        await UntilAsync(() => host.Find(Keys()) == 5, "the pages are here");

        host.CheckInvariants();
    }

    [Fact]
    public async Task A_storage_that_does_not_answer_costs_one_deadline_and_then_nothing()
    {
        var storage = new MemoryStorage { Before = static stop => new ValueTask(Task.Delay(Timeout.Infinite, stop)) };
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host, new StorageTierOptions { MinTokens = 1, BaseWait = TimeSpan.FromMilliseconds(50), WaitPerKiToken = TimeSpan.Zero });
        tier.Attach(storage);

        var first = tier.Begin(Space, Prompt, 0, 1);
        Assert.NotNull(first);
        await first.WaitAsync(Limit);
        await UntilAsync(() => tier.Begin(Space, Prompt, 0, 1) is null, "the storage is left alone");

        host.CheckInvariants();
    }

    [Fact]
    public async Task A_request_waits_for_a_storage_no_longer_than_computing_takes()
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var storage = new MemoryStorage();
        await FillAsync(storage);
        storage.Before = _ => new ValueTask(opened.Task);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host, new StorageTierOptions { MinTokens = 1, PrefetchShare = 1, BaseWait = TimeSpan.FromMinutes(10), LongestWait = TimeSpan.FromMinutes(10) });
        tier.Attach(storage);

        var arrival = tier.Begin(Space, Prompt, 0, secondsPerToken: 0.001);
        Assert.NotNull(arrival);
        await arrival.WaitAsync(Limit);
        Assert.Equal(0, host.Find(Keys()));

        // What comes later is there for the next one.
        opened.SetResult();
        await UntilAsync(() => host.Find(Keys()) == 8, "the pages are here");
        host.CheckInvariants();
    }

    [Fact]
    public async Task A_storage_that_fails_is_a_miss()
    {
        var storage = new MemoryStorage { Before = static _ => throw new IOException("no route") };
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(storage);

        if (tier.Begin(Space, Prompt, 0, 1) is { } arrival) await arrival.WaitAsync(Limit);

        Assert.Equal(0, host.Find(Keys()));
        Assert.Null(tier.Begin(Space, Prompt, 0, 1));
        host.CheckInvariants();
    }

    [Fact]
    public async Task Nothing_is_asked_for_what_is_here_too_short_or_too_much()
    {
        var storage = new MemoryStorage();
        await FillAsync(storage);
        using var host = HostPoolTests.Host(capacity: 4);
        await using var tier = Tier(host, new StorageTierOptions { MinTokens = 16, PrefetchShare = 0.5 });
        Assert.Null(tier.Begin(Space, Prompt, 0, 1));
        tier.Attach(storage);

        Assert.Null(tier.Begin(Space, Prompt.AsMemory(0, 16), 0, 1));   // The last token is computed: three pages.
        Assert.Null(tier.Begin(Space, Prompt, 5 * PageSize, 1));
        Assert.Null(tier.Begin(Space, Prompt, 0, 1));                    // Eight pages; half of the pool is two.
        tier.Detach();
        Assert.Null(tier.Begin(Space, Prompt, 4 * PageSize, 1));
        Assert.Equal(0, storage.Queries);
    }

    [Theory]
    [InlineData(TierWritePolicy.WriteThrough)]
    [InlineData(TierWritePolicy.WriteBack)]
    public async Task A_storage_that_is_attached_later_gets_what_is_used_from_then_on(TierWritePolicy write)
    {
        var storage = new MemoryStorage();
        using var device = ScriptedRunner.Pool(16);
        using var host = HostPoolTests.Host(capacity: 64, write);   // A quarter of it may wait to be written.
        await using var tier = Tier(host);
        tier.Offer(storage, attach: false);
        var (_, pages) = HostPoolTests.Filled(device, 8, seed: 1);
        Use(host, device, pages);
        await tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);
        Assert.Equal((false, 0), (tier.IsAttached, storage.Count));

        Assert.True(tier.TrySetAttached(true));
        if (write == TierWritePolicy.WriteBack) host.Clear();
        Use(host, device, pages);
        await tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);
        Assert.Equal((true, 8, 8L), (tier.IsAttached, storage.Count, tier.Counts.Written));

        // What is stored already is not written again.
        Use(host, device, pages);
        await tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);
        Assert.Equal(8, tier.Counts.Written);

        Assert.True(tier.TrySetAttached(false));
        Assert.Null(tier.Begin(Space, Prompt, 0, 1));
        host.CheckInvariants();
    }

    [Fact]
    public async Task Whoever_sees_that_all_is_written_finds_it_counted_and_may_free_the_pages()
    {
        const int Rounds = 3000;
        using var device = ScriptedRunner.Pool(16);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(new MemoryStorage());
        var (_, pages) = HostPoolTests.Filled(device, 8, seed: 1);
        for (var round = 1; round <= Rounds; round++)
        {
            Use(host, device, pages);
            // Without a pause, to be there as soon as it is so.
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            while (!tier.IsIdle) Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(started) < Limit, "The pages are not written.");
            Assert.Equal((8L * round, 0L), (tier.Counts.Written, tier.Counts.Dropped));
            host.Clear();
            Assert.Equal(0, host.Counts.HeldPages);
        }
    }

    [Fact]
    public async Task A_tier_that_knows_of_no_storage_says_so()
    {
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);

        Assert.False(tier.TrySetAttached(true));
        Assert.False(tier.IsAttached);
    }

    [Fact]
    public async Task What_could_not_be_written_is_written_at_its_next_use()
    {
        var storage = new MemoryStorage { Before = static _ => throw new IOException("no route") };
        using var device = ScriptedRunner.Pool(16);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host, new StorageTierOptions { MinTokens = 1, FirstPause = TimeSpan.FromTicks(1), LongestPause = TimeSpan.FromTicks(1) });
        tier.Attach(storage);
        var (_, pages) = HostPoolTests.Filled(device, 8, seed: 1);
        Use(host, device, pages);
        await tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);
        Assert.Equal(8, tier.Counts.Dropped);

        storage.Before = static _ => ValueTask.CompletedTask;
        await UntilAsync(
            () =>
            {
                Use(host, device, pages);
                return storage.Count == 8;
            },
            "the pages are stored");
    }

    [Fact]
    public async Task What_could_not_be_written_is_written_with_what_continues_it()
    {
        var storage = new MemoryStorage { Before = static _ => throw new IOException("no route") };
        using var device = ScriptedRunner.Pool(16);
        using var host = HostPoolTests.Host(capacity: 64);
        await using var tier = Tier(host, new StorageTierOptions { MinTokens = 1, FirstPause = TimeSpan.FromTicks(1), LongestPause = TimeSpan.FromTicks(1) });
        tier.Attach(storage);
        var (_, pages) = HostPoolTests.Filled(device, 8, seed: 1);
        host.Offer(Space, Keys().AsSpan(0, 5), 0, 0, device, pages.AsSpan(0, 5));
        await tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);
        Assert.Equal(5, tier.Counts.Dropped);

        // Without its beginning nobody would find it there.
        storage.Before = static _ => ValueTask.CompletedTask;
        host.Offer(Space, Keys(), 5, 0, device, pages.AsSpan(5));
        await tier.FlushAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(8, storage.Count);
        host.CheckInvariants();
    }

    [Fact]
    public async Task What_comes_slower_than_it_is_computed_is_not_asked_for()
    {
        var time = new ManualTime();
        var storage = new MemoryStorage();
        await FillAsync(storage);
        storage.Before = _ =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return ValueTask.CompletedTask;
        };
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = new StorageTier(host, new StorageTierOptions { MinTokens = 1, PrefetchShare = 1, BaseWait = TimeSpan.FromSeconds(30) }, time);
        tier.Attach(storage);
        for (var i = 0; i < 2; i++)
        {
            if (tier.Begin(Space, Prompt, 0, 0.01) is { } arrival) await arrival.WaitAsync(Limit);
            await UntilAsync(() => host.Find(Keys()) == 8 && tier.IsIdle, "the pages are here, and what they took is known");
            host.Clear();
        }

        var before = storage.Queries;
        Assert.Null(tier.Begin(Space, Prompt, 0, 0.01));                // 2 s beside 0.3 s.
        Assert.Equal(before, storage.Queries);
        if (tier.Begin(Space, Prompt, 0, 1) is { } slow) await slow.WaitAsync(Limit);   // Beside 32 s.
        await UntilAsync(() => storage.Queries == before + 1, "it is asked");
        await UntilAsync(() => tier.IsIdle, "it has ended");
    }

    [Fact]
    public async Task What_is_here_of_a_prompt_stays_while_the_rest_of_it_is_brought()
    {
        var storage = new MemoryStorage();
        await FillAsync(storage);
        using var device = ScriptedRunner.Pool(32);
        using var host = HostPoolTests.Host(capacity: 12);
        await using var tier = Tier(host);
        host.Offer(Space, Keys().AsSpan(0, 4), 0, 0, device, HostPoolTests.Take(device, 4));
        var (others, pages) = HostPoolTests.Filled(device, 8, seed: 2);
        host.Offer(Space, others, 0, 0, device, pages);
        tier.Attach(storage);

        if (tier.Begin(Space, Prompt, 0, 1) is { } arrival) await arrival.WaitAsync(Limit);
        await UntilAsync(() => tier.IsIdle, "the pages have been brought");

        Assert.Equal(8, host.Find(Keys()));
        host.CheckInvariants();
    }

    private static StorageTierOptions Patient { get; } =
        new() { Policy = PrefetchPolicy.WaitComplete, MinTokens = 1, PrefetchShare = 1, LongestWait = TimeSpan.FromMinutes(10) };

    private static void Use(HostPool host, KvPagePool device, int[] pages)
    {
        host.Offer(Space, Keys(), 0, 0, device, pages);
        host.Demote(device, pages);
    }

    private static KvPageKey[] Keys()
    {
        var keys = new KvPageKey[8];
        KvPageKey.Chain(Space, Prompt, PageSize, keys);
        return keys;
    }

    private static StorageTier Tier(HostPool host, StorageTierOptions? options = null) =>
        new(host, options ?? new StorageTierOptions { MinTokens = 1, PrefetchShare = 1, BatchPages = 3 }, TimeProvider.System);

    private static async Task FillAsync(MemoryStorage storage, int pages = 8)
    {
        using var device = ScriptedRunner.Pool(16);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(storage);
        var (_, filled) = HostPoolTests.Filled(device, pages, seed: 1);
        host.Offer(Space, Keys().AsSpan(0, pages), 0, 0, device, filled);
        await UntilAsync(() => storage.Count == pages, "the pages are stored");
    }

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!condition())
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(started) > Limit) Assert.Fail($"It did not come to pass that {what}.");
            await timer.WaitForNextTickAsync();
        }
    }
}
