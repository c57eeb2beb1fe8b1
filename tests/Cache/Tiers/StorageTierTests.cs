using ActorInference.Actors.Kv;
using ActorInference.Cache.Tiers;
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
        while (!condition())
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(started) > Limit) Assert.Fail($"It did not come to pass that {what}.");
            await Task.Yield();
        }
    }
}
