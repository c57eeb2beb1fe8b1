using ActorInference.Actors.Kv;
using ActorInference.Cache.Tiers;

namespace ActorInference.Cache.Tests.Tiers;

public sealed class RehearsalTests
{
    private static readonly KvNamespaceId Space = new(1, 2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_rehearsal_writes_finds_and_brings_pages_that_no_prompt_has()
    {
        var storage = new MemoryStorage();
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(storage);

        var brought = await Rehearse(tier);

        // 16 tokens are four pages of four; the first question is for others, which nobody has.
        Assert.Equal((4, 4, 1, 2), (brought, storage.Count, storage.Puts, storage.Queries));
        Assert.True(tier.IsIdle);
        host.CheckInvariants();
    }

    [Fact]
    public async Task Each_rehearsal_has_pages_of_its_own()
    {
        var storage = new MemoryStorage();
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(storage);

        Assert.Equal((4, 4), (await Rehearse(tier), await Rehearse(tier)));

        Assert.Equal(8, storage.Count);
        host.CheckInvariants();
    }

    [Fact]
    public async Task Nothing_is_rehearsed_without_a_storage_or_without_room()
    {
        var storage = new MemoryStorage();
        using var small = HostPoolTests.Host(capacity: 2);
        await using var tier = Tier(small);

        Assert.Equal(0, await Rehearse(tier));
        tier.Attach(storage);
        Assert.Equal((0, 0), (await Rehearse(tier), storage.Count));

        small.CheckInvariants();
    }

    [Fact]
    public async Task A_storage_that_fails_in_a_rehearsal_has_nothing_and_does_no_harm()
    {
        var storage = new MemoryStorage { Before = _ => throw new IOException("The store is gone.") };
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(storage);

        Assert.Equal(0, await Rehearse(tier));

        host.CheckInvariants();
        Assert.Equal(16, host.Reserve(new int[16]));
    }

    [Fact]
    public async Task A_tier_that_ends_waits_for_a_rehearsal_before_its_pages_go()
    {
        var (storage, entered) = (new MemoryStorage(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        using var host = HostPoolTests.Host(capacity: 16);
        var tier = Tier(host);
        tier.Attach(storage);
        var calls = 0;
        storage.Before = async stop =>
        {
            if (Interlocked.Increment(ref calls) == 1) return;   // The question for what nobody has.
            entered.TrySetResult();
            await Task.Delay(Timeout.Infinite, stop);
        };

        var rehearsal = tier.RehearseAsync(Space, CancellationToken.None);
        await entered.Task.WaitAsync(Limit);
        await tier.DisposeAsync().AsTask().WaitAsync(Limit);

        Assert.True(rehearsal.IsCompleted);
        Assert.Equal(0, await rehearsal);
        host.CheckInvariants();
    }

    private static Task<int> Rehearse(StorageTier tier) => tier.RehearseAsync(Space, CancellationToken.None).WaitAsync(Limit);

    private static StorageTier Tier(HostPool host) => new(host, new StorageTierOptions { BaseWait = Limit, LongestWait = Limit }, TimeProvider.System);
}
